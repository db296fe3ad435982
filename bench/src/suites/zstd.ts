import { rmSync } from "node:fs";
import { join } from "node:path";
import { imgbuildIn } from "../imgbuild.ts";
import { shellPeer } from "../peers.ts";
import type { Contender, SuiteSource } from "../suite.ts";
import { MIX, mixTree } from "../trees/mix.ts";

/** The mix as a cold zstd-3 OCI layout. */
export const zstdSuite: SuiteSource = {
  name: "zstd",
  setUp: async (context) => {
    const directory = await mixTree(context.options);
    const out = join(context.scratch, "layout");
    const piped = join(context.scratch, "piped.tar.zst");
    const build = ["build", MIX.label, "--output", out, "--format", "oci-layout", "--compression", "zstd:3"];
    const tool = imgbuildIn(directory, context);
    const fresh = (): void => {
      tool.forget();
      rmSync(out, { recursive: true, force: true });
    };
    const contenders: (Contender | undefined)[] = [
      { name: "cold zstd", ours: true, prepare: fresh, run: (nodeFlags) => tool.time(build, { nodeFlags }) },
      shellPeer("tar + zstd", context, `tar --sort=name -cf - tree | zstd -q -f -3 -T2 -o '${piped}'`, directory, [
        "tar",
        "zstd",
      ]),
    ];
    return {
      contenders: contenders.filter((contender) => contender !== undefined),
      rows: [{ title: "cold zstd-3 OCI layout", ours: "cold zstd", peer: "tar + zstd", goalRatio: 1.3 }],
    };
  },
};
