import { rmSync } from "node:fs";
import { join } from "node:path";
import { editFile } from "../edit-file.ts";
import { imgbuildIn } from "../imgbuild.ts";
import { shellPeer } from "../peers.ts";
import type { Contender, SuiteSource } from "../suite.ts";
import { MIX, mixTree } from "../trees/mix.ts";

/** The mix as a gzip-6 archive: cold, after one small edit inside the layer, and how much memory it takes. */
export const gzipSuite: SuiteSource = {
  name: "gzip",
  setUp: async (context) => {
    const directory = await mixTree(context.options);
    const out = join(context.scratch, "mix.tar");
    const build = ["build", MIX.label, "--output", out, "--compression", "gz:6"];
    const cold = imgbuildIn(directory, context);
    const warm = imgbuildIn(directory, context, "warm-cache");
    const fresh = (): void => {
      cold.forget();
      rmSync(out, { force: true });
    };
    const edit = (): void => {
      editFile(join(directory, MIX.edit));
      rmSync(out, { force: true });
    };
    const piped = join(context.scratch, "piped.tar.gz");
    await warm.time(build);
    const contenders: (Contender | undefined)[] = [
      { name: "cold gzip", ours: true, prepare: fresh, run: (nodeFlags) => cold.time(build, { nodeFlags }) },
      shellPeer("tar + pigz", context, `tar --sort=name -cf - tree | pigz -p2 -6 > '${piped}'`, directory, [
        "tar",
        "pigz",
      ]),
      { name: "edit in the big layer", ours: true, prepare: edit, run: (nodeFlags) => warm.time(build, { nodeFlags }) },
      { name: "peak memory", prepare: fresh, run: () => cold.peakMemory(build) },
    ];
    return {
      contenders: contenders.filter((contender) => contender !== undefined),
      rows: [
        { title: "cold gzip-6 archive", ours: "cold gzip", peer: "tar + pigz", goalRatio: 0.75 },
        {
          title: "one small file inside the big layer, gzip-6 archive",
          ours: "edit in the big layer",
          peer: "cold gzip",
          goalRatio: 0.25,
        },
        { title: "peak memory of the cold gzip-6 archive", ours: "peak memory", goal: 200, unit: "MB" },
      ],
    };
  },
};
