import { ImgbuildError } from "@imgbuild/errors";
import fc from "fast-check";
import { readPackageLock } from "./package-lock.ts";

function failure(text: string): ImgbuildError {
  try {
    readPackageLock(text, { file: "package-lock.json" });
  } catch (error) {
    if (error instanceof ImgbuildError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

const lock = (packages: unknown, more: object = { lockfileVersion: 3 }) =>
  JSON.stringify({ ...more, packages }, null, 2);

test("version 1, which has no install paths, is refused with the command that upgrades it", () => {
  const error = failure(JSON.stringify({ lockfileVersion: 1, dependencies: {} }));
  expect(error).toMatchObject({ code: "unsupported", message: expect.stringContaining("lockfileVersion is 1") });
  expect(error.hint).toContain("npm install");
  expect(failure("{}").code).toBe("unsupported");
  expect(failure(lock({}, { lockfileVersion: "3" })).message).toContain('"3"');
});

test("text that is no JSON is refused at its place", () => {
  const error = failure('{\n  "lockfileVersion": 3,\n  oops\n}');
  expect(error.position).toMatchObject({ file: "package-lock.json", line: 3 });
});

test("merge conflicts are named as such, at the first mark", () => {
  const error = failure('{\n<<<<<<< HEAD\n  "lockfileVersion": 3\n=======\n');
  expect(error.message).toContain("merge conflicts");
  expect(error.position).toEqual({ file: "package-lock.json", line: 2, column: 1 });
});

test("a wrong type is refused with the place in the document and in the file", () => {
  const error = failure(lock({ "": {}, "node_modules/x": { version: 1 } }));
  expect(error.code).toBe("invalid-archive");
  expect(error.message).toContain('packages["node_modules/x"].version is 1, wanted a string');
  expect(error.position).toEqual({ file: "package-lock.json", line: 5, column: 5 });
});

test.each([
  [{}, 'no entry ""'],
  [[], "wanted an object"],
  [{ "": [] }, "wanted an object"],
  [{ "": {}, "node_modules/x": { dependencies: { a: 1 } } }, ".dependencies.a is 1"],
  [{ "": {}, "node_modules/x": { os: [1] } }, ".os is [1]"],
  [{ "": {}, "node_modules/x": { optional: "yes" } }, '.optional is "yes"'],
  [{ "": {}, "node_modules/x": { link: true } }, "is a link to undefined"],
  [{ "": {}, "node_modules/x": { link: true, resolved: "/etc" } }, 'is a link to "/etc"'],
  [{ "": {}, "node_modules/x": { link: true, resolved: "a/../../b" } }, "is a link to"],
  [{ "": {}, "node_modules/x": { name: "../../evil" } }, "is no name of a package"],
])("%j is refused", (packages, what) => {
  expect(failure(lock(packages)).message).toContain(what);
});

test.each([
  "node_modules/../../etc",
  "/etc/passwd",
  "node_modules/x/",
  "node_modules//x",
  "node_modules/./x",
  "a\\b",
  "node_modules/@/x",
  "node_modules/x\0y",
])("the install path %j is refused", (path) => {
  expect(failure(lock({ "": {}, [path]: {} })).message).toMatch(/is no (?:path|name) of/);
});

test("keys that JavaScript objects have anyway are packages like any other", () => {
  const text =
    '{"lockfileVersion":3,"packages":{"":{"dependencies":{"__proto__":"1","constructor":"2"}},"node_modules/__proto__":{"version":"1.0.0"}}}';
  const read = readPackageLock(text, { file: "l" });
  expect([...(read.packages.get("")?.dependencies ?? [])]).toEqual([
    ["__proto__", "1"],
    ["constructor", "2"],
  ]);
  expect(read.packages.get("node_modules/__proto__")?.version).toBe("1.0.0");
  expect(({} as { version?: string }).version).toBeUndefined();
});

test("whatever the text, it is read or refused with a clear error", () => {
  const json = fc.json().map((text) => `{"lockfileVersion":3,"packages":{"":{},"node_modules/x":${text}}}`);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), json), (text) => {
      try {
        readPackageLock(text, { file: "package-lock.json" });
      } catch (error) {
        expect(error).toBeInstanceOf(ImgbuildError);
        expect((error as ImgbuildError).code).toMatch(/^(?:invalid-archive|unsupported)$/);
      }
    }),
  );
});

test("commands never leave their package", () => {
  const bin = {
    "../../evil": "cli.js",
    ok: "../../../etc/passwd",
    "@s/two": "./bin/two.js",
    "": "x",
    ".": "x",
    gone: 7,
  };
  const { packages } = readPackageLock(lock({ "": {}, "node_modules/@s/x": { bin } }), { file: "l" });
  expect(Object.fromEntries(packages.get("node_modules/@s/x")?.bins ?? [])).toEqual({
    evil: "cli.js",
    ok: "etc/passwd",
    two: "bin/two.js",
  });
});

test("one command without a name has the package's, without its scope", () => {
  const { packages } = readPackageLock(lock({ "": {}, "node_modules/@s/x": { bin: "cli.js" } }), { file: "l" });
  expect([...(packages.get("node_modules/@s/x")?.bins ?? [])]).toEqual([["x", "cli.js"]]);
});
