import { namedPaths } from "./named-paths.ts";

/** What programs say about a file that is not there. */
test.each([
  ["cat", ["cat: src/b.txt: No such file or directory"], "src/b.txt", "path"],
  ["ls", ["ls: cannot access 'assets': No such file or directory"], "assets", "path"],
  ["sh", ["/bin/sh: 1: ./build.sh: not found"], "./build.sh", "path"],
  ["make", ["make: *** No rule to make target 'src/x.c', needed by 'out'.  Stop."], "src/x.c", "path"],
  ["gcc", ["a.c:1:10: fatal error: lib/b.h: No such file or directory"], "lib/b.h", "path"],
  ["node", ["Error: ENOENT: no such file or directory, open 'data/x.json'"], "data/x.json", "path"],
  ["node, CommonJS", ["Error: Cannot find module './b'", "Require stack:", "- /work/src/a.cjs"], "./b", "path"],
  ["node, ESM", ["Error: Cannot find module '/work/b.mjs' imported from /work/a.mjs"], "/work/b.mjs", "path"],
  [
    "node, package",
    ["Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'left' imported from /w/a.mjs"],
    "left",
    "package",
  ],
  ["node, scoped", ["Error: Cannot find module '@scope/right/x'"], "@scope/right/x", "package"],
  [
    "tsc",
    ["src/a.ts(1,17): error TS2307: Cannot find module './b' or its corresponding type declarations."],
    "./b",
    "path",
  ],
  ["tsc, config", ["error TS5083: Cannot read file '/work/tsconfig.base.json'."], "/work/tsconfig.base.json", "path"],
  ["tsc, file", ["error TS6053: File '/work/src/b.ts' not found."], "/work/src/b.ts", "path"],
  ["tsc, types", ["error TS2688: Cannot find type definition file for 'node'."], "node", "types"],
  ["esbuild", ['✘ [ERROR] Could not resolve "./b"', "", "    src/a.ts:1:17:"], "./b", "path"],
  ["python", ["FileNotFoundError: [Errno 2] No such file or directory: 'data.csv'"], "data.csv", "path"],
  ["go", ["open conf/app.yaml: no such file or directory"], "conf/app.yaml", "path"],
])("%s", (_, lines, text, kind) => {
  expect(namedPaths(lines)).toContainEqual(expect.objectContaining({ text, kind }));
});

test("the file that names a missing one is near, without its line", () => {
  const lines = ['✘ [ERROR] Could not resolve "./b"', "", "    src/a.ts:1:17:", '      1 │ import "./b";'];
  expect(namedPaths(lines)[0]?.near).toContain("src/a.ts");
});

test("lines that tell of something else name nothing", () => {
  expect(namedPaths(["src/a.ts(1,1): error TS1005: ';' expected.", "Segmentation fault", ""])).toEqual([]);
});
