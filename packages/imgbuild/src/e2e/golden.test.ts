import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { FORMAT_VERSION } from "@imgbuild/graph";
import { workspaceRig } from "@imgbuild/testkit";

/** Of every shape that a layer can say: names, modes, links, a large file, inline content, owners. */
const FILES = {
  "images/golden/image.ts": [
    'import { buildImage, directory, json, link, merge, path, text, tree } from "imgbuild";',
    "export default buildImage({",
    '  name: "golden", created: "2001-02-03T04:05:06Z",',
    '  copyToRoot: merge([path("./files"), tree({ "/etc/motd": text("hi\\n"), "/etc/app.json": json({ b: [1, null], a: "ü" }),',
    '    "/bin/sh": link("/bin/busybox"), "/data": directory({ mode: 0o1777 }) }), tree({ "/srv": "./files/deep" }, { uid: 1000, gid: 3000000 })]),',
    '  config: { Cmd: ["/bin/sh"], Env: ["A=1"], ExposedPorts: { "80/tcp": {} }, Labels: { z: "1", a: "2" } },',
    "});\n",
  ].join("\n"),
  "images/golden/files/run.sh": "#!/bin/sh\necho hi\n",
  "images/golden/files/empty": "",
  [`images/golden/files/${"long".repeat(40)}`]: "a long name",
  "images/golden/files/über/日本.txt": "names beyond ASCII",
  "images/golden/files/deep/er/x.js": "export {};\n",
  "images/golden/files/large.bin": "0123456789abcdef".repeat(150_000),
};

/**
 * Tag and image ID of the same definition, for each format version. When this fails, every tag and cache key of every
 * user changes: raise FORMAT_VERSION, and add a line instead of changing one.
 */
const GOLDEN: Readonly<Record<number, string>> = {
  1: "golden:ocbbdfracqlyhusy75pboc7oahtvgf6s  sha256:8a108ebf010cd36d6b74c25ca599f1fa251f49764b82940e3d6a4cf713acdf8d",
  // The root of an image does not get the owner of a tree that places something below it.
  2: "golden:mdowd6xxd6v5rx44hx5dlhz6nrikxszk  sha256:04d314f87675d4d20e41ff23b93003700a6855fec4c8603c140ded31c362ac92",
};

test("the golden image has the tag and ID that its format version had on the first day", async () => {
  await using rig = await workspaceRig({ files: FILES });
  chmodSync(join(rig.root, "images/golden/files/run.sh"), 0o755);
  symlinkSync("run.sh", join(rig.root, "images/golden/files/link"));
  const { code, stdout, stderr } = await rig.run(["build", "//images/golden", "--quiet"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trim()).toBe(`//images/golden  ${GOLDEN[FORMAT_VERSION]}`);
});
