import { workspaceRig } from "@imgbuild/testkit";

const FILES = {
  "base/image.ts":
    'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "base", copyToRoot: [] });\n',
  "app/image.ts": [
    'import { buildImage } from "imgbuild";',
    'import base from "../base/image.ts";',
    'export default buildImage({ name: "app", fromImage: base });\n',
  ].join("\n"),
};

test("the targets that were asked for, and those they are built on", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const asked = await rig.run(["graph", "//app", "--as", "json"]);
  expect(asked.code).toBe(0);
  expect(JSON.parse(asked.stdout)).toEqual({
    targets: [
      { label: "//app", needs: ["//base"] },
      { label: "//base", needs: [] },
    ],
  });
});

test("dot and mermaid hold each target once and each edge once", async () => {
  await using rig = await workspaceRig({ files: FILES });
  expect((await rig.run(["graph"])).stdout).toBe(
    'digraph imgbuild {\n  rankdir=LR;\n  "//app";\n  "//base";\n  "//app" -> "//base";\n}\n',
  );
  expect((await rig.run(["graph", "--as", "mermaid"])).stdout).toBe(
    'flowchart LR\n  t0["//app"]\n  t1["//base"]\n  t0 --> t1\n',
  );
});
