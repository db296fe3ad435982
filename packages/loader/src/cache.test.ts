import { rmSync } from "node:fs";
import { join } from "node:path";
import { TestWorkspace, testRuntime } from "./testing.ts";

let workspace: TestWorkspace;
beforeEach(() => {
  workspace = new TestWorkspace({
    "lib/helper.ts": 'export const name = "a";',
    "a/notes.txt": "1",
    "a/image.ts": `import { buildImage, env, glob, json, readText } from "imgbuild";
      import { name } from "../lib/helper";
      let optional = "none"; try { optional = readText("./optional.txt"); } catch {}
      export default buildImage({ name, copyToRoot: json([env("V", { default: "-" }), glob("*.txt"), readText("./notes.txt"), optional]) });`,
  });
});
afterEach(() => workspace.remove());

test("nothing changed: the evaluation is reused, and says the same", async () => {
  const first = await workspace.evaluate();
  const second = await workspace.evaluate();
  expect([first.cached, second.cached]).toEqual([false, true]);
  expect({ ...second, cached: false }).toEqual(first);
});

test("a reused evaluation runs no definition", async () => {
  const first = await workspace.evaluate();
  const { digest } = await testRuntime();
  const second = await workspace.evaluate("//...", { runtime: { digest, code: "throw 1" } });
  expect({ ...second, cached: false }).toEqual(first);
});

test.each<[string, (workspace: TestWorkspace) => void]>([
  [
    "the definition",
    (at) =>
      at.write({ "a/image.ts": 'import { buildImage } from "imgbuild"; export default buildImage({ name: "b" });' }),
  ],
  ["an import, with equal size", (at) => at.write({ "lib/helper.ts": 'export const name = "b";' })],
  ["a file that was read", (at) => at.write({ "a/notes.txt": "2" })],
  ["a new file that the glob finds", (at) => at.write({ "a/new.txt": "" })],
  ["a file that was not there", (at) => at.write({ "a/optional.txt": "now" })],
  ["a variable", (at) => Object.assign(at.env, { V: "x" })],
  ["a tsconfig.json above", (at) => at.write({ "tsconfig.json": "{}" })],
  ["a package.json beside", (at) => at.write({ "lib/package.json": '{ "type": "module" }' })],
])("%s changes: it is evaluated again", async (_what, change) => {
  await workspace.evaluate();
  change(workspace);
  expect((await workspace.evaluate()).cached).toBe(false);
  expect((await workspace.evaluate()).cached).toBe(true);
});

test("a module that would be found first appears: it is taken", async () => {
  await workspace.evaluate();
  rmSync(join(workspace.root, "lib/helper.ts"));
  workspace.write({ "lib/helper.js": 'export const name = "js";' });
  expect((await workspace.evaluate()).graph.targets[0]?.image?.name).toBe("js");
  workspace.write({ "lib/helper.ts": 'export const name = "ts";' });
  expect((await workspace.evaluate()).graph.targets[0]?.image?.name).toBe("ts");
});

test("a touched file with the same content is no change", async () => {
  await workspace.evaluate();
  workspace.touch("lib/helper.ts");
  workspace.touch("a/notes.txt");
  expect((await workspace.evaluate()).cached).toBe(true);
});

test("a result is not kept while its modules are too young to be trusted", async () => {
  workspace.ahead = -1_000;
  await workspace.evaluate();
  expect(workspace.entries.size).toBe(0);
});

test("a young file is compared by content, not by time", async () => {
  workspace.ahead = 1_000;
  await workspace.evaluate();
  const [key = "", text = ""] = [...workspace.entries][0] ?? [];
  const saved = JSON.parse(text) as { files: { path: string; stat: unknown }[] };
  for (const file of saved.files) file.stat = null;
  workspace.entries.set(key, JSON.stringify(saved));
  expect((await workspace.evaluate()).cached).toBe(true);
  const kept = JSON.parse(workspace.entries.get(key) ?? "{}") as typeof saved;
  expect(kept.files.find((file) => file.path === "a/image.ts")?.stat).not.toBeNull();
});

test.each([
  "",
  "{",
  "null",
  "[]",
  '{"files":[]}',
  '{"files":[],"facts":[],"derivations":[],"targets":3,"others":[],"warnings":[]}',
])("a damaged entry %j is a miss", async (text) => {
  await workspace.evaluate();
  for (const key of workspace.entries.keys()) workspace.entries.set(key, text);
  expect((await workspace.evaluate()).cached).toBe(false);
});

test("a failed evaluation is not kept", async () => {
  workspace.write({ "a/image.ts": "throw 1;" });
  await workspace.complaints();
  expect(workspace.entries.size).toBe(0);
});

test("what to watch names modules, files that were read, and directories that were searched", async () => {
  const { watchFiles } = await workspace.evaluate();
  expect(watchFiles).toEqual(["a", "a/image.ts", "a/notes.txt", "a/optional.txt", "lib/helper.ts"]);
});

test("an aborted evaluation says cancelled", async () => {
  expect((await workspace.complaints("//a", { signal: AbortSignal.abort() }))[0]).toMatch(/^cancelled/);
});
