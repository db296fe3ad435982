import { posix } from "node:path";
import fc from "fast-check";
import {
  isInstallPath,
  isOutside,
  isPackageName,
  joinPath,
  lookUp,
  modulesDirectory,
  ownerPath,
  relativePath,
  requiredName,
} from "./install-path.ts";

const part = fc.constantFrom("a", "b", "@s", "node_modules", "x.y");
const directory = fc.array(part, { maxLength: 5 }).map((parts) => parts.join("/"));

test("joining is what the file system does", () => {
  const loose = fc
    .array(fc.oneof(part, fc.constantFrom("..", ".", "")), { maxLength: 6 })
    .map((parts) => parts.join("/"));
  fc.assert(
    fc.property(directory, loose, (base, relative) => {
      const expected = posix.normalize(`./${base}/${relative}`).replace(/\/$/, "");
      expect(joinPath(base, relative)).toBe(expected === "." ? "" : expected);
    }),
  );
});

test("a relative path leads from one directory to the other", () => {
  fc.assert(
    fc.property(directory, directory, (from, to) => {
      expect(relativePath(from, to)).toBe(posix.relative(`/${from}`, `/${to}`) || ".");
      expect(joinPath(from, relativePath(from, to))).toBe(to);
    }),
  );
});

test("the lookup is that of Node: every directory upward but those called node_modules", () => {
  fc.assert(
    fc.property(directory, fc.array(directory), (from, there) => {
      const places = new Set(there.map((at) => (at === "" ? "node_modules/m" : `${at}/node_modules/m`)));
      const parts = from === "" ? [] : from.split("/");
      const upward = parts.map((_, i) => parts.slice(0, parts.length - i)).concat([[]]);
      const tried = upward
        .filter((at) => at.at(-1) !== "node_modules")
        .map((at) => [...at, "node_modules", "m"].join("/"));
      expect(lookUp(from, "m", (path) => places.has(path))).toBe(tried.find((path) => places.has(path)));
    }),
  );
});

test.each([
  ["node_modules/x", "x", "node_modules", ""],
  ["node_modules/@s/x", "@s/x", "node_modules", ""],
  ["packages/a/node_modules/x", "x", "packages/a/node_modules", "packages/a"],
  ["node_modules/a/node_modules/@s/x", "@s/x", "node_modules/a/node_modules", "node_modules/a"],
  ["packages/a", undefined, undefined, undefined],
  ["", undefined, undefined, undefined],
  ["my_node_modules/x", undefined, undefined, undefined],
])("%j is required as %s from %s of %j", (path, name, modules, owner) => {
  expect([requiredName(path), modulesDirectory(path), ownerPath(path)]).toEqual([name, modules, owner]);
});

test.each(["x", "@s/x", "X.y", "a b", "__proto__", "..x"])("%j may be the name of a package", (name) => {
  expect(isPackageName(name)).toBe(true);
});

test.each(["", ".", "..", "@s", "@s/", "@/x", "a/b", "@s/a/b", "@s/..", "../x", "a\\b", "a\0", "/x"])(
  "%j may not be the name of a package",
  (name) => {
    expect(isPackageName(name)).toBe(false);
  },
);

test("a directory outside may be told only by leading `..`", () => {
  expect([isInstallPath("../a"), isInstallPath(".."), isInstallPath("../../a/b"), isInstallPath("../a/..")]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect([isOutside("../a"), isOutside(".."), isOutside("..a"), isOutside("a")]).toEqual([true, true, false, false]);
});
