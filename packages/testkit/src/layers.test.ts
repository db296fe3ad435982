import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { AMBIENT_EXCEPTIONS, LAYERS } from "./layers.ts";
import { entryExports } from "./sources/check-docs.ts";
import { checkAmbient, checkFiles } from "./sources/check-files.ts";
import { checkLayers } from "./sources/check-layers.ts";
import { readSources } from "./sources/read-sources.ts";

const ROOT = resolve(__dirname, "../../..");
const sources = readSources(ROOT);

describe("this repository", () => {
  test("has sources of every package that the scan should see", () => {
    expect(sources.length).toBeGreaterThan(200);
    expect(sources.map((source) => source.file)).toContain("packages/testkit/src/layers.test.ts");
  });

  test("imports only what the layer table allows, without circles", () => {
    expect(checkLayers(sources, LAYERS)).toEqual([]);
  });

  test("keeps files short, without any, default exports and silenced compilers; index files only re-export", () => {
    expect(checkFiles(sources)).toEqual([]);
  });

  test("reads clock, environment, locale and user above level 3 only", () => {
    expect(checkAmbient(sources, { layers: LAYERS, exceptions: AMBIENT_EXCEPTIONS })).toEqual([]);
  });

  test("has a docstring on at least 95 of 100 names that packages give to others", () => {
    const names = entryExports(sources);
    const bare = names.filter((each) => !each.documented);
    expect(names.length).toBeGreaterThan(100);
    const listed = bare.map((each) => `${each.package}: ${each.name} (${each.file ?? "not found"})`);
    expect({ tooMany: bare.length > names.length * 0.05, without: listed }).toMatchObject({ tooMany: false });
  });
});

describe("a planted violation", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "imgbuild-layers-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Writes `packages/KEY` for each key, `a/x.ts` being `packages/a/src/x.ts`, and checks imports. */
  function problemsOf(files: Readonly<Record<string, string>>): readonly string[] {
    return checkLayers(plant(files), LAYERS);
  }

  function plant(files: Readonly<Record<string, string>>): ReturnType<typeof readSources> {
    for (const [path, text] of Object.entries(files)) {
      const [name = "", ...rest] = path.split("/");
      const file = join(root, "packages", name, "src", ...rest);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return readSources(root);
  }

  const errors = { "errors/index.ts": 'export { a } from "./a.ts";', "errors/a.ts": "export const a = 1;" };

  test("is not seen where there is none", () => {
    expect(
      problemsOf({
        ...errors,
        "oci/index.ts": 'export { b } from "./b.ts";',
        "oci/b.ts": 'import { a } from "@imgbuild/errors";\nexport const b = a;',
        "oci/b.test.ts": 'import { t } from "@imgbuild/testkit";\nimport { b } from "./b.ts";\nt(b);',
        "testkit/index.ts": 'export { t } from "./t.ts";',
        "testkit/t.ts": "export const t = (value: unknown): unknown => value;",
      }),
    ).toEqual([]);
  });

  test.each([
    ["an import", 'import { b } from "@imgbuild/oci"; b();'],
    ["an import of a type", 'import type { b } from "@imgbuild/oci"; export type A = typeof b;'],
    ["a re-export", 'export { b } from "@imgbuild/oci";'],
    ["a re-export of everything", 'export * from "@imgbuild/oci";'],
    ["a type in place", 'export type A = import("@imgbuild/oci").b;'],
    ["a lazy import", 'export const a = () => import("@imgbuild/oci");'],
    ["a require", 'declare const require: (name: string) => unknown; export const a = require("@imgbuild/oci");'],
  ])("upward by %s names the chain", (_, text) => {
    const planted = {
      "errors/index.ts": 'export * from "./a.ts";',
      "errors/a.ts": text,
      "oci/index.ts": 'export { b } from "./b.ts";',
    };
    expect(problemsOf({ ...planted, "oci/b.ts": "export const b = 1;" })).toEqual([
      "errors may not import oci: packages/errors/src/index.ts -> packages/errors/src/a.ts -> packages/oci/src/index.ts",
    ]);
  });

  test("of testkit in what users get is seen, in what only tests import not", () => {
    const planted = {
      "errors/index.ts": 'export { a } from "./a.ts";',
      "errors/a.ts": 'import { t } from "@imgbuild/testkit";\nexport const a = t;',
      "errors/helper.ts": 'import { t } from "@imgbuild/testkit";\nexport const helper = t;',
      "errors/a.test.ts": 'import { helper } from "./helper.ts";\nhelper;',
      "testkit/index.ts": 'export { t } from "./t.ts";',
      "testkit/t.ts": "export const t = 1;",
    };
    expect(problemsOf(planted)).toEqual([
      "errors may not import testkit: packages/errors/src/index.ts -> packages/errors/src/a.ts -> packages/testkit/src/index.ts",
    ]);
  });

  test.each([
    ["by a relative path", "../../errors/src/a.ts"],
    ["by a path below its name", "@imgbuild/errors/src/a.ts"],
  ])("into another package %s is seen", (_, written) => {
    const problems = problemsOf({ ...errors, "oci/index.ts": `export { a } from "${written}";` });
    expect(problems).toContain(`packages/oci/src/index.ts reaches into errors: "${written}"`);
  });

  test("as a circle of types is seen, once and with its files", () => {
    const planted = {
      "errors/index.ts": 'export type { A } from "./a.ts";',
      "errors/a.ts": 'import type { B } from "./b.ts";\nexport interface A { b: B }',
      "errors/b.ts": 'import type { C } from "./c.ts";\nexport interface B { c: C }',
      "errors/c.ts": 'import type { A } from "./a.ts";\nexport interface C { a: A }',
    };
    const circle = ["a", "b", "c", "a"].map((name) => `packages/errors/src/${name}.ts`).join(" -> ");
    expect(problemsOf(planted)).toEqual([`Circle of imports: ${circle}`]);
  });

  test("as an unknown package or a missing file is seen", () => {
    expect(problemsOf({ "stranger/index.ts": "", "errors/index.ts": 'export { a } from "./gone.ts";' })).toEqual([
      "packages/stranger has no row in the layer table",
      'packages/errors/src/index.ts imports "./gone.ts": there is no such file',
    ]);
  });

  test("of the rules of files is seen", () => {
    const planted = plant({
      "errors/any.ts": "export const a = 1 as unknown as any;",
      "errors/default.ts": "export default 1;",
      "errors/renamed.ts": "const a = 1;\nexport { a as default };",
      "errors/ignore.ts": `// @ts-${"ignore"}\nexport const b = 1;`,
      "errors/index.ts": "export const c = 1;",
      "errors/long.ts": "// one\n".repeat(401),
      "errors/short.ts": "// one\n".repeat(400),
    });
    expect(checkFiles(planted)).toEqual([
      "packages/errors/src/any.ts uses the type any",
      "packages/errors/src/default.ts has a default export",
      "packages/errors/src/ignore.ts silences the compiler",
      "packages/errors/src/index.ts does more than re-export",
      "packages/errors/src/long.ts has 401 lines, at most 400 are allowed",
      "packages/errors/src/renamed.ts has a default export",
    ]);
  });

  test.each([
    ["Date.now", "export const a = Date.now();"],
    ["Date.now", "export const a = Date.now;"],
    ["new Date()", "export const a = new Date();"],
    ["process.env", "export const a = process.env.HOME;"],
    ["process.env", 'export const a = process["env"];'],
    ["node:os", 'import { tmpdir } from "node:os";\nexport const a = tmpdir();'],
    ["localeCompare", 'export const a = "a".localeCompare("b");'],
    ["Intl.Collator", "export const a = new Intl.Collator();"],
  ])("of purity by %s is seen on low levels alone", (use, text) => {
    const files = plant({
      "store/index.ts": 'export { a } from "./a.ts";',
      "store/a.ts": text,
      "report/index.ts": 'export { a } from "./a.ts";',
      "report/a.ts": text,
      "store/a.test.ts": text,
    });
    const file = "packages/store/src/a.ts";
    expect(checkAmbient(files, { layers: LAYERS, exceptions: [] })).toEqual([`${file} uses ${use}: have it passed in`]);
    expect(checkAmbient(files, { layers: LAYERS, exceptions: [{ file, use, reason: "a test" }] })).toEqual([]);
  });

  test("of an exception that nobody needs is seen", () => {
    const exceptions = [{ file: "packages/errors/src/a.ts", use: "Date.now", reason: "a test" }];
    expect(checkAmbient(plant(errors), { layers: LAYERS, exceptions })).toEqual([
      "packages/errors/src/a.ts does not use Date.now: remove the exception",
    ]);
  });

  test("of documentation is seen, through re-exports under other names too", () => {
    const planted = plant({
      "errors/index.ts": 'export { a, b as c, type T } from "./a.ts";\nexport * from "./d.ts";',
      "errors/a.ts":
        "/** Says it. */\nexport const a = 1;\n// Not this.\nexport function b(): void {}\nexport interface T {}",
      "errors/d.ts": "/** Several. */\nexport const { d, e } = { d: 1, e: 2 };",
    });
    expect(entryExports(planted).map(({ name, documented }) => [name, documented])).toEqual([
      ["a", true],
      ["c", false],
      ["T", false],
      ["d", true],
      ["e", true],
    ]);
  });
});
