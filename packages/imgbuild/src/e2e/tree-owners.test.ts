import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { workspaceRig } from "@imgbuild/testkit";

const IMPORT = 'import { buildImage, directory, link, merge, path, text, tree } from "imgbuild";\n';

/** What GNU tar lists of the layer of an image with this content: mode, owner and name of each member. */
async function listing(copyToRoot: string): Promise<string[]> {
  await using rig = await workspaceRig({
    files: {
      "a/image.ts": `${IMPORT}export default buildImage({ name: "a", copyToRoot: ${copyToRoot} });\n`,
      "a/src/d/f": "x",
    },
  });
  const output = join(rig.outside, "a.tar");
  const { code, stderr } = await rig.run(["build", "//a", "-o", output, "--compression", "none"]);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  const outer = spawnSync("tar", ["xOf", output, "--wildcards", "*/layer.tar"], { maxBuffer: 1 << 26 });
  const inner = spawnSync("tar", ["tvf", "-", "--numeric-owner"], { input: outer.stdout, encoding: "utf8" });
  return inner.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^(\S+)\s+(\S+)\s+\d+\s+\S+\s+\S+ /, "$1 $2 "));
}

test("owner and mode are those of what is placed, not of what is above it", async () => {
  expect(
    await listing('tree({ "/srv/app": path("./src"), "/tool": text("x") }, { uid: 3000000, gid: 7, mode: 0o4710 })'),
  ).toEqual([
    "drwxr-xr-x 0/0 srv/",
    "drwxr-xr-x 3000000/7 srv/app/",
    "drwxr-xr-x 3000000/7 srv/app/d/",
    "-rws--x--- 3000000/7 srv/app/d/f",
    "-rws--x--- 3000000/7 tool",
  ]);
});

test("the root has an owner when it is placed itself", async () => {
  const [root, ...rest] = await listing('tree({ "/": directory({ mode: 0o1711 }), "/l": link("x") }, { uid: 5 })');
  expect([root, ...rest]).toEqual(["drwx--x--t 5/0 ./", "lrwxrwxrwx 5/0 l -> x"]);
});

test("a tree in a tree, and in a union, leaves the root alone too", async () => {
  const owned = 'tree({ "/f": text("x") }, { uid: 5 })';
  expect(await listing(`tree({ "/in": ${owned} })`)).toEqual(["drwxr-xr-x 5/0 in/", "-rw-r--r-- 5/0 in/f"]);
  expect(await listing(`merge([${owned}, tree({ "/g": text("y") })])`)).toEqual([
    "-rw-r--r-- 5/0 f",
    "-rw-r--r-- 0/0 g",
  ]);
  expect(await listing(`tree({ "/": ${owned} })`)).toEqual(["-rw-r--r-- 5/0 f"]);
});
