import { ImgbuildError } from "@imgbuild/errors";
import { entry, LINUX, lockOf } from "../testing/fixtures.ts";
import { type ClosureOptions, closureOf } from "./closure-of.ts";

type Packages = Parameters<typeof lockOf>[0];

function close(packages: Packages, more: Partial<ClosureOptions> = {}) {
  return closureOf(lockOf(packages), { workspace: "", platform: LINUX, ...more });
}

function paths(packages: Packages, more: Partial<ClosureOptions> = {}): string[] {
  return close(packages, more).units.map(({ installPath }) => installPath);
}

function failure(packages: Packages, more: Partial<ClosureOptions> = {}): ImgbuildError {
  try {
    close(packages, more);
  } catch (error) {
    if (error instanceof ImgbuildError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

const root = (dependencies: Record<string, string>, more: object = {}) => ({
  "": { name: "root", dependencies, ...more },
});

describe("what belongs to a closure", () => {
  test("is what Node finds upward, nested versions first", () => {
    const packages = {
      ...root({}),
      "packages/a": { name: "a", dependencies: { x: "1", y: "1" } },
      "packages/a/node_modules/x": entry("1.0.0"),
      "node_modules/x": entry("2.0.0"),
      "node_modules/y": entry("1.0.0", { dependencies: { x: "2" } }),
      "node_modules/unused": entry("1.0.0"),
    };
    const all = ["node_modules/x", "node_modules/y", "packages/a", "packages/a/node_modules/x"];
    expect(paths(packages, { workspace: "packages/a" })).toEqual(all);
    expect(paths(packages, { workspace: "./packages/a/" })).toEqual(all);
  });

  test("leaves out devDependencies, unless all are asked for: then those of linked workspaces come along", () => {
    const packages = {
      "": { devDependencies: { d: "1", w: "1" } },
      "node_modules/d": entry("1.0.0", { dependencies: { e: "1" } }),
      "node_modules/e": entry("1.0.0"),
      "node_modules/w": { link: true, resolved: "w" },
      w: { name: "w", devDependencies: { f: "1" } },
      "node_modules/f": entry("1.0.0"),
    };
    expect(paths(packages)).toEqual([""]);
    const all = ["", "node_modules/d", "node_modules/e", "node_modules/f", "w"];
    expect(paths(packages, { dependencies: "all" })).toEqual(all);
  });

  test("has the named tools alone, the workspace's own before those of the root; unknown ones are refused", () => {
    const packages = {
      "": { devDependencies: { tsc: "1", lint: "1" }, dependencies: { p: "1" } },
      "packages/a": { name: "a", dependencies: { x: "1" }, devDependencies: { tsc: "2", t: "1" } },
      "packages/a/node_modules/tsc": entry("2.0.0"),
      "node_modules/a": { link: true, resolved: "packages/a" },
      "node_modules/lint": entry("1.0.0", { dependencies: { l: "1" } }),
      "node_modules/l": entry("1.0.0"),
      "node_modules/p": entry("1.0.0"),
      "node_modules/t": entry("1.0.0"),
      "node_modules/tsc": entry("1.0.0"),
      "node_modules/x": entry("1.0.0"),
    };
    const [workspace, mine] = ["packages/a", ["packages/a", "packages/a/node_modules/tsc"]];
    expect(paths(packages, { workspace, dependencies: ["tsc"] })).toEqual(["node_modules/x", ...mine]);
    const lint = ["node_modules/l", "node_modules/lint", "node_modules/x", "packages/a"];
    expect(paths(packages, { workspace, dependencies: ["lint"] })).toEqual(lint);
    expect(paths(packages, { dependencies: ["tsc"] })).toEqual(["", "node_modules/p", "node_modules/tsc"]);
    expect(() => paths(packages, { workspace, dependencies: ["tcs", "tsc"] })).toThrow(
      'neither the workspace nor the root depends on "tcs"',
    );
  });

  test("has the tools of the root, without its files, when all is asked for", () => {
    const packages = {
      "": { devDependencies: { tsc: "1" }, dependencies: { p: "1" } },
      "packages/a": { name: "a", dependencies: { x: "1" } },
      "packages/b": { name: "b", devDependencies: { y: "1" } },
      "node_modules/a": { link: true, resolved: "packages/a" },
      "node_modules/p": entry("1.0.0"),
      "node_modules/tsc": entry("1.0.0", { bin: { tsc: "bin/tsc" } }),
      "node_modules/x": entry("1.0.0"),
      "node_modules/y": entry("1.0.0"),
    };
    expect(paths(packages, { workspace: "packages/a" })).toEqual(["node_modules/x", "packages/a"]);
    const closure = close(packages, { workspace: "packages/a", dependencies: "all" });
    expect(closure.units.map(({ installPath }) => installPath)).toEqual([
      ...["node_modules/p", "node_modules/tsc", "node_modules/x", "packages/a"],
    ]);
    expect(closure.binLinks).toEqual([{ path: "node_modules/.bin/tsc", target: "node_modules/tsc/bin/tsc" }]);
    expect(closure.edges).toEqual([{ from: "packages/a", to: "node_modules/x", optional: false }]);
  });

  test("has no optional peer that is left over in the lock, and none that only peerDependenciesMeta names", () => {
    const packages = {
      ...root({ a: "1" }),
      "node_modules/a": entry("1.0.0", {
        peerDependencies: { gone: "1", there: "1" },
        peerDependenciesMeta: { gone: { optional: true }, there: { optional: true }, meta: { optional: true } },
      }),
      "node_modules/gone": entry("1.0.0", { extraneous: true }),
      "node_modules/there": entry("1.0.0"),
      "node_modules/meta": entry("1.0.0"),
    };
    expect(paths(packages)).toEqual(["", "node_modules/a", "node_modules/there"]);
  });

  test("has linked workspaces at their own directory, each with its own dependencies", () => {
    const closure = close({
      ...root({ shared: "*" }),
      "node_modules/shared": { link: true, resolved: "libs/shared" },
      "libs/shared": { name: "@x/shared", version: "3.0.0", dependencies: { z: "1" } },
      "node_modules/z": entry("1.0.0"),
    });
    expect(closure.units[1]).toMatchObject({ kind: "first-party", directory: "libs/shared", name: "@x/shared" });
    expect(closure.links).toEqual([{ path: "node_modules/shared", target: "libs/shared" }]);
  });

  test("survives circles and chains longer than any stack", () => {
    const length = 20_000;
    const chain = Object.fromEntries(
      Array.from({ length }, (_, i) => [
        `node_modules/p${i}`,
        entry("1.0.0", { dependencies: { [`p${(i + 1) % length}`]: "1" } }),
      ]),
    );
    expect(paths({ ...root({ p0: "1" }), ...chain })).toHaveLength(length + 1);
  });

  test("an alias keeps the name of the package it stands for", () => {
    const [, alias] = close({ ...root({ old: "npm:x@1" }), "node_modules/old": entry("1.0.0", { name: "x" }) }).units;
    expect(alias).toMatchObject({ installPath: "node_modules/old", name: "x" });
  });

  test.each([
    ["file:vendor/x-1.0.0.tgz", { from: "file", path: "vendor/x-1.0.0.tgz" }],
    ["https://host.test/x.tgz", { from: "url", url: "https://host.test/x.tgz" }],
    ["https://reg.test/npm/x/-/x-1.0.0.tgz", { from: "registry", resolved: "https://reg.test/npm/x/-/x-1.0.0.tgz" }],
    [undefined, { from: "registry", resolved: undefined }],
  ])("the source %s is told apart", (resolved, source) => {
    expect(close({ ...root({ x: "1" }), "node_modules/x": entry("1.0.0", { resolved }) }).units[1]).toMatchObject({
      source,
    });
  });
});

describe("optional dependencies", () => {
  const darwin = { os: ["darwin"], optional: true };

  test("that are not for the target, or not in the lock, are left out with all they need", () => {
    const packages = {
      ...root({}, { optionalDependencies: { mac: "1", deep: "1", absent: "1", empty: "1", good: "1" } }),
      "node_modules/mac": entry("1.0.0", { ...darwin, dependencies: { only: "1" } }),
      "node_modules/only": entry("1.0.0"),
      "node_modules/deep": entry("1.0.0", { optional: true, dependencies: { needsmac: "1", shared: "1" } }),
      "node_modules/needsmac": entry("1.0.0", { ...darwin }),
      "node_modules/empty": { optional: true },
      "node_modules/good": entry("1.0.0", { optional: true, dependencies: { shared: "1" } }),
      "node_modules/shared": entry("1.0.0", { optional: true }),
    };
    expect(paths(packages)).toEqual(["", "node_modules/good", "node_modules/shared"]);
    expect(paths(packages, { optional: false })).toEqual([""]);
  });

  test("are marked, unless something required needs them too", () => {
    const { units } = close({
      ...root({ r: "1" }, { optionalDependencies: { o: "1" } }),
      "node_modules/o": entry("1.0.0", { dependencies: { both: "1", own: "1" } }),
      "node_modules/r": entry("1.0.0", { dependencies: { both: "1" } }),
      "node_modules/both": entry("1.0.0"),
      "node_modules/own": entry("1.0.0"),
    });
    const optional = units.filter((unit) => unit.optional).map(({ installPath }) => installPath);
    expect(optional).toEqual(["node_modules/o", "node_modules/own"]);
  });

  test("that form a circle with a package for another system are left out as one", () => {
    const packages = {
      ...root({}, { optionalDependencies: { a: "1", b: "1" } }),
      "node_modules/a": entry("1.0.0", { dependencies: { b: "1" } }),
      "node_modules/b": entry("1.0.0", { dependencies: { a: "1", mac: "1" } }),
      "node_modules/mac": entry("1.0.0", darwin),
    };
    expect(paths(packages)).toEqual([""]);
  });

  test.each([
    [{ cpu: ["x64"] }, true],
    [{ cpu: ["!x64"] }, false],
    [{ os: ["!win32"] }, true],
    [{ os: ["any"] }, true],
    [{ os: "linux" }, true],
    [{ os: ["linux"], libc: ["musl"] }, false],
    [{ os: ["linux"], libc: "glibc" }, true],
    [{ os: ["darwin", "linux"], cpu: ["arm64"] }, false],
  ])("limits %j let it in: %s", (limits, isIn) => {
    const packages = { ...root({}, { optionalDependencies: { x: "1" } }), "node_modules/x": entry("1.0.0", limits) };
    expect(paths(packages)).toHaveLength(isIn ? 2 : 1);
  });
});

describe("peers", () => {
  const peer = (meta: object = {}) => entry("1.0.0", { peerDependencies: { react: "18" }, ...meta });
  const maybe = { peerDependenciesMeta: { react: { optional: true } } };

  test("are taken when they are there", () => {
    const packages = { ...root({ x: "1" }), "node_modules/x": peer(), "node_modules/react": entry("18.0.0") };
    expect(paths(packages)).toContain("node_modules/react");
  });

  test("that are missing are a warning, optional ones not even that", () => {
    expect(close({ ...root({ x: "1" }), "node_modules/x": peer() }).warnings).toEqual([
      '"x@1.0.0" wants the peer "react" (18), which is not installed',
    ]);
    expect(close({ ...root({ x: "1" }), "node_modules/x": peer(maybe) }).warnings).toEqual([]);
  });

  test("that are optional and there come along as with npm, or stay out if so wanted", () => {
    const packages = { ...root({ x: "1" }), "node_modules/x": peer(maybe), "node_modules/react": entry("18.0.0") };
    expect(paths(packages)).toHaveLength(3);
    expect(paths(packages, { optionalPeers: false })).toHaveLength(2);
  });

  test("of a workspace are needed at run time even when they are its devDependencies too", () => {
    const packages = {
      "": { peerDependencies: { react: "18" }, devDependencies: { react: "18" } },
      "node_modules/react": entry("18.0.0"),
    };
    expect(paths(packages)).toContain("node_modules/react");
  });
});

describe("bundled packages", () => {
  const packages = {
    ...root({ big: "1" }, { bundleDependencies: ["big"] }),
    "node_modules/big": entry("1.0.0", { inBundle: true, dependencies: { in: "1" }, bundleDependencies: ["in"] }),
    "node_modules/big/node_modules/in": {
      version: "1.0.0",
      inBundle: true,
      bin: "in.js",
      dependencies: { deep: "1", out: "1" },
    },
    "node_modules/big/node_modules/deep": { version: "1.0.0", inBundle: true },
    "node_modules/out": entry("1.0.0"),
  };

  test("are not units, but what they need outside of the tarball is", () => {
    const closure = close(packages);
    expect(closure.units.map(({ installPath }) => installPath)).toEqual(["", "node_modules/big", "node_modules/out"]);
    expect(closure.bundled.map(({ name, within }) => [name, within])).toEqual([
      ["deep", "node_modules/big"],
      ["in", "node_modules/big"],
    ]);
    expect(closure.edges).toContainEqual({ from: "node_modules/big", to: "node_modules/out", optional: false });
    expect(closure.binLinks[0]).toEqual({
      path: "node_modules/big/node_modules/.bin/in",
      target: "node_modules/big/node_modules/in/in.js",
    });
  });
});

test("what the root bundles is marked like the content of a tarball, but has tarballs of its own", () => {
  const own = { inBundle: true, dependencies: { nested: "1" }, bundleDependencies: ["in"] };
  const closure = close({
    ...root({ big: "1" }, { bundleDependencies: ["big"] }),
    "node_modules/big": entry("1.0.0", own),
    "node_modules/big/node_modules/nested": entry("1.0.0", { inBundle: true }),
    "node_modules/big/node_modules/in": entry("1.0.0", { inBundle: true }),
  });
  const expected = ["", "node_modules/big", "node_modules/big/node_modules/nested"];
  expect(closure.units.map(({ installPath }) => installPath)).toEqual(expected);
});

describe("bad input", () => {
  test.each([
    ["unknown", "packages/zzz"],
    ["outside", "../x"],
    ["absolute", "/packages/a"],
    ["an installed package", "node_modules/x"],
  ])("a workspace that is %s is refused, and those there are named", (_, workspace) => {
    const error = failure(
      { ...root({}), "packages/a": { name: "a" }, "node_modules/x": entry("1.0.0") },
      { workspace },
    );
    expect(error).toMatchObject({ code: "definition", message: expect.stringContaining('it lists ".", "packages/a"') });
  });

  test("an entry without integrity is named, with its place", () => {
    const error = failure({ ...root({ x: "1" }), "node_modules/x": { version: "1.2.3" } });
    expect(error).toMatchObject({
      code: "invalid-archive",
      message: expect.stringContaining('"x@1.2.3" has no integrity'),
    });
    expect(error.position?.line).toBeGreaterThan(1);
  });

  test.each(["sha512-short", "md5-AAAA", "", "sha512-"])("the integrity %j is refused", (integrity) => {
    const error = failure({ ...root({ x: "1" }), "node_modules/x": entry("1.0.0", { integrity }) });
    expect(error.message).toContain(`the integrity ${JSON.stringify(integrity)}`);
  });

  test.each(["git+ssh://git@host.test/a/b.git#abc", "git://host.test/b.git", "github:a/b"])(
    "%s is refused",
    (resolved) => {
      const error = failure({ ...root({ x: "1" }), "node_modules/x": { version: "1.0.0", resolved } });
      expect(error).toMatchObject({
        code: "unsupported",
        message: expect.stringContaining('"x@1.0.0" comes from git'),
      });
    },
  );

  test.each([
    [{ "node_modules/x": { link: true, resolved: "../x" }, "../x": { name: "x" } }, "path-escape"],
    [{ "node_modules/x": entry("1.0.0", { resolved: "file:../x-1.0.0.tgz" }) }, "path-escape"],
    [{ "node_modules/x": entry("1.0.0", { resolved: "file:/x-1.0.0.tgz" }) }, "path-escape"],
    [{ "node_modules/x": entry("1.0.0", { resolved: "file:x" }) }, "unsupported"],
    [{ "node_modules/x": entry("1.0.0", { resolved: "ftp://host.test/x.tgz" }) }, "unsupported"],
    [{ "node_modules/x": entry("1.0.0", { os: ["win32"] }) }, "unsupported"],
    [{ "node_modules/x": { link: true, resolved: "gone" } }, "invalid-archive"],
    [{}, "invalid-archive"],
  ])("%j is %s", (packages, code) => {
    const error = failure({ ...root({ x: "1" }), ...packages });
    expect(error).toMatchObject({ code, message: expect.stringMatching(/"x|"gone/) });
  });

  test("that nobody of this closure needs is no matter", () => {
    expect(
      paths({
        ...root({}),
        "node_modules/x": { version: "1.0.0" },
        "node_modules/y": { link: true, resolved: "../y" },
      }),
    ).toEqual([""]);
  });

  test("is reported all at once", () => {
    const error = failure({
      ...root({ x: "1", y: "1", z: "1" }),
      "node_modules/x": { version: "1.0.0" },
      "node_modules/y": { version: "1.0.0" },
    });
    expect([error, ...error.related].map(({ message }) => message)).toHaveLength(3);
  });
});
