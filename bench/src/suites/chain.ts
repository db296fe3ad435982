import { join } from "node:path";
import { editFile } from "../edit-file.ts";
import { imgbuildIn } from "../imgbuild.ts";
import type { SuiteSource } from "../suite.ts";
import { MIX, mixTree } from "../trees/mix.ts";

/** Ten images in a chain on the mix: a change in the first of them is a new image for all ten. */
export const chainSuite: SuiteSource = {
  name: "chain",
  setUp: async (context) => {
    const directory = await mixTree(context.options);
    const tool = imgbuildIn(directory, context);
    const build = ["build", MIX.chain];
    return {
      contenders: [
        {
          name: "chain edit",
          ours: true,
          prepare: () => editFile(join(directory, MIX.chainEdit)),
          run: (nodeFlags) => tool.time(build, { nodeFlags }),
        },
        { name: "chain no-op", ours: true, run: (nodeFlags) => tool.time(build, { nodeFlags }) },
      ],
      rows: [
        { title: "ten images in a chain: edit in the first, against a no-op", ours: "chain edit", peer: "chain no-op" },
      ],
    };
  },
};
