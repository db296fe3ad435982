import { imgbuildIn } from "../imgbuild.ts";
import { timeProcess } from "../run-process.ts";
import type { SuiteSource } from "../suite.ts";
import { writeIn } from "../trees/cached-tree.ts";

/** Start-up: what the shortest commands cost beside Node itself. */
export const startSuite: SuiteSource = {
  name: "start",
  setUp: async (context) => {
    const workspace = `${context.scratch}/one`;
    writeIn(workspace, "package.json", '{ "name": "bench-one", "private": true, "workspaces": [] }\n');
    writeIn(workspace, "images/one/files/hello.txt", "hello\n");
    writeIn(
      workspace,
      "images/one/image.ts",
      'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "one", copyToRoot: "./files" });\n',
    );
    const tool = imgbuildIn(workspace, context);
    return {
      contenders: [
        { name: "imgbuild --version", ours: true, run: (nodeFlags) => tool.time(["--version"], { nodeFlags }) },
        { name: "imgbuild no-op", ours: true, run: (nodeFlags) => tool.time(["build", "//images/one"], { nodeFlags }) },
        { name: "node -e 0", run: () => timeProcess({ program: process.execPath, args: ["-e", "0"] }) },
      ],
      rows: [
        { title: "start: --version", ours: "imgbuild --version", peer: "node -e 0" },
        { title: "start: no-op of one image of one file", ours: "imgbuild no-op", peer: "node -e 0" },
      ],
    };
  },
};
