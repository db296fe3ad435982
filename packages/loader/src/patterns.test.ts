import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { findWorkspace } from "./find-workspace.ts";
import { loadConfig } from "./load-config.ts";
import { TestWorkspace, testRuntime } from "./testing.ts";

let workspace: TestWorkspace;
const text =
  'import { buildImage } from "imgbuild";\nexport const debug = buildImage({ name: "d" });\nexport default buildImage({ name: "x" });';
beforeEach(() => {
  workspace = new TestWorkspace({
    "images/api/image.ts": text,
    "images/web/image.ts": text,
    "tools/web/image.ts": text,
    "images/api/sub/image.ts": text,
    "images/.hidden/image.ts": "throw 1",
    "images/node_modules/p/image.ts": "throw 1",
    "images/dist/image.ts": "throw 1",
    "images/nested/imgbuild.config.ts": "",
    "images/nested/image.ts": "throw 1",
    "store/image.ts": "throw 1",
  });
});
afterEach(() => workspace.remove());

test.each([
  [["//images/api"], "", ["//images/api"]],
  [["//images/api:debug"], "", ["//images/api:debug"]],
  [["//images/api:*"], "", ["//images/api", "//images/api:debug"]],
  [["//images/api/..."], "", ["//images/api", "//images/api/sub", "//images/api/sub:debug", "//images/api:debug"]],
  [["//...", "-//images/...", "-//tools/web:debug"], "", ["//tools/web"]],
  [["./api"], "images", ["//images/api"]],
  [["api"], "tools", ["//images/api"]],
  [["."], "images/api", ["//images/api"]],
  [[":debug"], "images/api", ["//images/api:debug"]],
  [["../web"], "images/api", ["//images/web"]],
  [["web"], "images", ["//images/web"]],
  [["images/api/image.ts"], "", ["//images/api"]],
  [["...", "-./sub/...", "-:debug"], "images/api", ["//images/api"]],
])("%j in %j names %j", async (patterns, cwd, labels) => {
  const options = { cwd: join(workspace.root, cwd), cacheDir: join(workspace.root, "store") };
  expect((await workspace.evaluate(patterns, options)).labels).toEqual(labels);
});

test("//... leaves out hidden directories, dist, node_modules, the store, links, and inner workspaces", async () => {
  symlinkSync("../tools", join(workspace.root, "images/link"));
  const { definitions } = await workspace.evaluate("//...", { cacheDir: join(workspace.root, "store") });
  expect(definitions).toBe(4);
});

test.each([
  [
    "//images/apu",
    "unknown-label",
    'Cannot find the target "//images/apu": there is no images/apu/image.ts (did you mean "//images/api"',
  ],
  ["//api", "unknown-label", "there is no api/image.ts"],
  ["web", "unknown-label", 'Cannot choose a target for "web": it may be //images/web or //tools/web'],
  ["//images/api:debg", "unknown-label", 'images/api/image.ts has no export "debg" (did you mean "//images/api:debug"'],
  ["//nowhere/...", "unknown-label", "there is no such directory"],
  ["../x", "path-escape", "it is outside the workspace"],
  ["/etc", "usage", "a path of the host"],
  ["//a/../../b", "usage", "it leaves the workspace"],
  ["", "usage", "it is empty"],
  ["//a:", "usage", "the name after the colon is empty"],
  ["//a:b c", "usage", "cannot be the name of an export"],
  ["-//images/...", "usage", "no label is given"],
])("%j is refused: %s", async (pattern, code, words) => {
  const [first] = await workspace.complaints(pattern);
  expect(first).toMatch(new RegExp(`^${code} `));
  expect(first).toContain(words);
});

test("labels that leave out all that is named are refused: an empty archive is nobody's wish", async () => {
  const [complaint] = await workspace.complaints(["//images/...", "-//..."]);
  expect(complaint).toBe('unknown-label - Cannot choose targets: "-//..." leaves out all that are named');
});

test("an unknown label hints at a label with the same end", async () => {
  const [error] = await workspace.errors("//api");
  expect(error?.hint).toBe("Write //images/api");
});

test("a workspace is found by its config, else by package.json with workspaces or pnpm's file, else by .git", () => {
  const inner = join(workspace.root, "images/api/sub");
  expect(findWorkspace(inner)).toBe(workspace.root);
  const other = new TestWorkspace({
    "repo/.git/HEAD": "",
    "repo/app/package.json": '{ "workspaces": [] }',
    "repo/app/in/x": "",
  });
  expect(findWorkspace(join(other.root, "repo/app/in"))).toBe(other.root);
  const pnpm = new TestWorkspace({ "repo/pnpm-workspace.yaml": "packages: []\n", "repo/app/.git/HEAD": "" });
  rmSync(join(pnpm.root, "imgbuild.config.ts"), { force: true });
  expect(findWorkspace(join(pnpm.root, "repo/app"))).toBe(join(pnpm.root, "repo"));
  pnpm.remove();
  other.remove();
});

test("the config is evaluated as purely as a definition, and reused", async () => {
  const runtime = await testRuntime();
  const entries = new Map<string, string>();
  const cache = {
    get: (key: string) => entries.get(key),
    set: (key: string, value: string) => void entries.set(key, value),
  };
  const load = () =>
    loadConfig({ workspaceRoot: workspace.root, runtime, cache, readEnv: () => "e", now: () => Date.now() + 1_000 });
  expect(await load()).toEqual({ cacheDir: join(workspace.root, "cache"), debian: {} });
  workspace.write({
    "imgbuild.config.ts":
      'import { defineConfig, env } from "imgbuild"; export default defineConfig({ cacheDir: `/var/${env("X")}` });',
  });
  expect(await load()).toEqual({ cacheDir: "/var/e", debian: {} });
  expect(entries.size).toBe(1);
  expect(await load()).toEqual({ cacheDir: "/var/e", debian: {} });
  workspace.write({ "imgbuild.config.ts": 'export default { cachedir: "x" };' });
  await expect(load()).rejects.toThrow('cachedir is no attribute (did you mean "cacheDir"?)');
  workspace.write({ "imgbuild.config.ts": "export const cacheDir = 1;" });
  await expect(load()).rejects.toMatchObject({ position: { file: "imgbuild.config.ts", line: 1, column: 1 } });
  workspace.write({ "imgbuild.config.ts": "export default { cacheDir: String(Math.random()) };" });
  await expect(load()).rejects.toThrow("Cannot use Math.random");
});

test("a workspace reached through a symbolic link gives the same graph", async () => {
  const link = new TestWorkspace();
  symlinkSync(workspace.root, join(link.root, "link"));
  const options = { workspaceRoot: join(link.root, "link"), cwd: join(link.root, "link/images") };
  const through = await workspace.evaluate("./api", options);
  expect(through.labels).toEqual(["//images/api"]);
  expect({ ...(await workspace.evaluate("//images/api")), cached: false }).toEqual(through);
  link.remove();
});

test("a definition that is a link out of the workspace, or a broken one, is refused", async () => {
  const other = new TestWorkspace({ "image.ts": text });
  mkdirSync(join(workspace.root, "images/out"));
  symlinkSync(join(other.root, "image.ts"), join(workspace.root, "images/out/image.ts"));
  expect((await workspace.complaints("//images/out"))[0]).toMatch(
    /^path-escape - Cannot load ".*image.ts": it is outside the workspace$/,
  );
  other.remove();
  expect((await workspace.complaints("//images/..."))[0]).toContain(
    'Cannot load the definitions: there is no "./images/out/image.ts"',
  );
});

describe("directories that are remembered", () => {
  const all = async (cacheDir = "store") => {
    const { labels } = await workspace.evaluate("//...", { cacheDir: join(workspace.root, cacheDir) });
    return labels.filter((label) => !label.includes(":"));
  };
  const BEFORE = ["//images/api", "//images/api/sub", "//images/web", "//tools/web"];

  test.each<[string, () => void, readonly string[]]>([
    [
      "a new definition deep below",
      () => workspace.write({ "images/api/a/b/image.ts": text }),
      [...BEFORE, "//images/api/a/b"],
    ],
    ["a definition that is gone", () => rmSync(join(workspace.root, "tools/web/image.ts")), BEFORE.slice(0, -1)],
    [
      "a directory that took another's name",
      () => {
        renameSync(join(workspace.root, "images/web"), join(workspace.root, "images/site"));
        workspace.write({ "images/web/none.ts": "" });
      },
      ["//images/api", "//images/api/sub", "//images/site", "//tools/web"],
    ],
    [
      "a directory that became a workspace of its own",
      () => workspace.write({ "tools/imgbuild.config.ts": "" }),
      BEFORE.slice(0, -1),
    ],
    [
      "a directory that was one",
      () => {
        rmSync(join(workspace.root, "images/nested/imgbuild.config.ts"));
        workspace.write({ "images/nested/image.ts": text });
      },
      [...BEFORE, "//images/nested"],
    ],
  ])("%s is noticed", async (_, change, labels) => {
    expect(await all()).toEqual(BEFORE);
    change();
    expect(await all()).toEqual([...labels].sort());
    expect(await all()).toEqual([...labels].sort());
  });

  test("a definition that comes within the time stamp of the last search is noticed", async () => {
    workspace.ahead = 0;
    for (let i = 0; i < 30; i++) {
      workspace.write({ [`quick/d${i}/image.ts`]: text });
      expect(await all()).toContain(`//quick/d${i}`);
    }
  });

  test("a directory that was another store is searched", async () => {
    workspace.write({ "store/image.ts": text });
    expect(await all()).not.toContain("//store");
    expect(await all("elsewhere")).toContain("//store");
    expect(await all()).not.toContain("//store");
  });

  test("nothing is written when nothing changed", async () => {
    await all();
    const [key = "", listed = ""] = [...workspace.searches][0] ?? [];
    workspace.searches.set(key, `${listed} `);
    expect(await all()).toEqual(BEFORE);
    expect(workspace.searches.get(key)).toBe(`${listed} `);
  });

  test("a damaged memory costs a search", async () => {
    await all();
    for (const key of workspace.searches.keys()) workspace.searches.set(key, "{");
    expect(await all()).toEqual(BEFORE);
  });
});
