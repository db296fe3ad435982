import { imgbuildIn } from "../imgbuild.ts";
import { buildahBud, dockerBuild, shellPeer } from "../peers.ts";
import { sharedDockerd } from "../shared-dockerd.ts";
import type { Contender, SuiteSource } from "../suite.ts";
import { MIX, mixTree } from "../trees/mix.ts";

/** A cold build of the mix that delivers nothing: the image's digest is all that comes out. */
export const coldSuite: SuiteSource = {
  name: "cold",
  setUp: async (context) => {
    const directory = await mixTree(context.options);
    const tool = imgbuildIn(directory, context);
    const contenders: (Contender | undefined)[] = [
      {
        name: "cold",
        ours: true,
        prepare: tool.forget,
        run: (nodeFlags) => tool.time(["build", MIX.label], { nodeFlags }),
      },
      shellPeer("tar + sha256", context, "tar --sort=name -cf - tree | openssl dgst -sha256", directory, [
        "tar",
        "openssl",
      ]),
    ];
    const image = { directory, dockerfile: "mix.Dockerfile", cold: true };
    const dockerd = await sharedDockerd(context);
    if (dockerd !== undefined) contenders.push(dockerBuild(dockerd.host, { name: "docker build", ...image }, context));
    if (context.tools.has("buildah") && !context.options.smoke)
      contenders.push(buildahBud({ name: "buildah bud", ...image }, context));
    return {
      contenders: contenders.filter((contender) => contender !== undefined),
      rows: [
        { title: "cold build, nothing delivered", ours: "cold", peer: "tar + sha256", goalRatio: 2 },
        { title: "cold build, nothing delivered", ours: "cold", peer: "docker build" },
        { title: "cold build, nothing delivered", ours: "cold", peer: "buildah bud" },
      ],
    };
  },
};
