import { join } from "node:path";
import { daemonLoad } from "../daemon-load.ts";
import { editFile } from "../edit-file.ts";
import { imgbuildIn } from "../imgbuild.ts";
import { buildahBud, dockerBuild } from "../peers.ts";
import { sharedDockerd } from "../shared-dockerd.ts";
import type { Contender, SuiteSource } from "../suite.ts";
import { MIX, mixTree } from "../trees/mix.ts";

/** One small file changed, in a small layer on top of the mix: built, and brought into a Docker daemon. */
export const smallSuite: SuiteSource = {
  name: "small",
  setUp: async (context) => {
    const directory = await mixTree(context.options);
    const edit = (): void => editFile(join(directory, MIX.smallEdit));
    const builder = imgbuildIn(directory, context);
    const loader = imgbuildIn(directory, context, "load-cache");
    const contenders: Contender[] = [
      {
        name: "edit",
        ours: true,
        prepare: edit,
        run: (nodeFlags) => builder.time(["build", MIX.small], { nodeFlags }),
      },
    ];
    const image = { directory, dockerfile: "app.Dockerfile", cold: false, prepare: edit };
    const dockerd = await sharedDockerd(context);
    if (dockerd !== undefined) {
      const env = { DOCKER_HOST: dockerd.host };
      contenders.push({
        name: "edit and load",
        ours: true,
        prepare: edit,
        run: (nodeFlags) => loader.time(["load", MIX.small], { nodeFlags, env }),
      });
      contenders.push(daemonLoad("daemon's part", { prepare: edit, builder, socket: dockerd.socket }, context));
      contenders.push(dockerBuild(dockerd.host, { name: "docker build, cached", ...image }, context));
    }
    if (context.tools.has("buildah") && !context.options.smoke)
      contenders.push(buildahBud({ name: "buildah bud --layers", ...image }, context));
    const title = "one small file, its own layer, loaded into dockerd";
    const load = [
      { title, ours: "edit and load", peer: "daemon's part", goalBeyond: 0.3 },
      { title, ours: "edit and load", peer: "docker build, cached" },
    ];
    return {
      contenders,
      rows: [
        {
          title: "one small file, its own layer",
          ours: "edit",
          peer: "docker build, cached",
          goal: 0.25,
          goalRatio: 0.2,
        },
        { title: "one small file, its own layer", ours: "edit", peer: "buildah bud --layers" },
        ...(dockerd === undefined ? [] : load),
      ],
    };
  },
};
