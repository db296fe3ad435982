import { imgbuildIn } from "../imgbuild.ts";
import type { Contender, SuiteSource } from "../suite.ts";
import { STACK, stackTree } from "../trees/stack.ts";

/**
 * Ten images, each on the one before, against the first of them alone, from nothing: ten times one layer is what it may cost.
 * A builder that packs again what is below packs 55 layers.
 */
export const stackSuite: SuiteSource = {
  name: "stack",
  setUp: async (context) => {
    const tool = imgbuildIn(stackTree(context), context);
    const cold = (name: string, label: string): Contender => ({
      name,
      ours: true,
      prepare: () => tool.forget(),
      run: (nodeFlags) => tool.time(["build", label], { nodeFlags }),
    });
    return {
      contenders: [
        cold("one of files", STACK.oneOfFiles),
        cold("ten of files", STACK.tenOfFiles),
        cold("one of scripts", STACK.oneOfScripts),
        cold("ten of scripts", STACK.tenOfScripts),
      ],
      rows: [
        {
          title: "ten images on one base, a layer of files each, cold, against one",
          ours: "ten of files",
          peer: "one of files",
          goalRatio: 10,
        },
        {
          title: "ten images on one base, a script each, cold, against one",
          ours: "ten of scripts",
          peer: "one of scripts",
          goalRatio: 10,
        },
      ],
    };
  },
};
