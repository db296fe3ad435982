import { ImgbuildError } from "@imgbuild/errors";
import { readPackageLock } from "../lock/package-lock.ts";
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

describe("a lock out of step with package.json", () => {
  const packages = {
    ...root({ x: "^1.0.0" }, { devDependencies: { d: "1" }, optionalDependencies: { o: "1" } }),
    "node_modules/x": entry("1.0.0"),
    "packages/a": { name: "a", dependencies: { x: "^1.0.0" } },
  };
  const manifest = (text: object) => ({ readManifest: () => JSON.stringify(text) });
  const good = { dependencies: { x: "^1.0.0", o: "1" }, optionalDependencies: { o: "1" }, devDependencies: { d: "1" } };

  test("is not one that lists a name as optional and required, as npm allows", () => {
    expect(paths(packages, manifest(good))).toHaveLength(2);
  });

  test.each([
    [{ ...good, dependencies: { x: "^2.0.0" } }, 'dependencies: x: the lock says "^1.0.0", package.json says "^2.0.0"'],
    [
      { ...good, dependencies: { x: "^1.0.0", n: "1" } },
      'dependencies: n: the lock does not list it, package.json says "1"',
    ],
    [{ ...good, dependencies: {} }, 'dependencies: x: the lock says "^1.0.0", package.json does not list it'],
    [{ ...good, peerDependencies: { p: "1" } }, "peerDependencies: p"],
    [{ ...good, devDependencies: { d: "2" } }, "devDependencies: d"],
  ])("%j is refused", (text, what) => {
    const error = failure(packages, manifest(text));
    expect(error).toMatchObject({ code: "invalid-archive", message: expect.stringContaining(what) });
    expect(error.hint).toContain("npm install");
  });

  test("is told at the line of the package.json, which is named from where the lock is", () => {
    const lock = readPackageLock(JSON.stringify({ lockfileVersion: 3, packages }), { file: "repo/package-lock.json" });
    const text = JSON.stringify({ ...good, dependencies: { x: "^2.0.0" } }, null, 2);
    const run = () => closureOf(lock, { workspace: "", platform: LINUX, readManifest: () => text });
    expect(run).toThrow('out of step with "repo/package.json"');
    expect(run).toThrow(expect.objectContaining({ position: { file: "repo/package.json", line: 3, column: 5 } }));
  });

  const linked = {
    "": { name: "root", workspaces: ["packages/*"], dependencies: { a: "*" } },
    "packages/a": { name: "a" },
    "node_modules/a": { link: true, resolved: "packages/a" },
  };
  const rootManifest = { name: "root", workspaces: ["packages/*"], dependencies: { a: "*" } };
  const manifests = (all: Record<string, object>) => ({
    readManifest: (directory: string) => (all[directory] === undefined ? undefined : JSON.stringify(all[directory])),
  });

  test.each([
    [{ x: "^2.0.0" }, {}, "2.1.0", false],
    [{ x: "^2.0.0" }, {}, "1.9.0", true],
    [{ x: "^2.0.0" }, { overrides: { y: { "x@^2": "1.9.0" } } }, "1.9.0", false],
    [{ x: "npm:other@^2.0.0" }, {}, "1.9.0", true],
    [{ x: "npm:@s/other@^2.0.0" }, {}, "2.0.0", false],
    [{ x: "latest" }, {}, "1.9.0", false],
    [{ x: "https://host.test/x.tgz" }, {}, "1.9.0", false],
    [{ x: "*" }, {}, "2.0.0-beta.1", false],
    [{ x: ">=1.0.0 <2.0.0 || 3.x" }, {}, "3.4.5", false],
  ])("%j beside %j and version %s in the lock", (dependencies, more, version, wrong) => {
    const { name, integrity } = { name: "other", ...entry(version) } as { name: string; integrity: string };
    const alias = dependencies.x.startsWith("npm:") ? { name } : {};
    const packages = { "": { name: "root", dependencies }, "node_modules/x": { version, integrity, ...alias } };
    const readManifest = () => JSON.stringify({ name: "root", dependencies, ...more });
    if (!wrong) expect(paths(packages, { readManifest })).toHaveLength(2);
    else {
      const what = `the lock has version ${version}, package.json says ${JSON.stringify(dependencies.x)}`;
      expect(failure(packages, { readManifest }).message).toContain(`at dependencies: x: ${what}`);
    }
  });

  test("is one whose workspace has another name, is gone, or is not listed any more", () => {
    const good = manifests({
      "": { ...rootManifest, workspaces: { packages: ["./packages/*/"] } },
      "packages/a": { name: "a" },
    });
    expect(paths(linked, good)).toEqual(["", "packages/a"]);
    const renamed = failure(linked, manifests({ "": rootManifest, "packages/a": { name: "b" } }));
    expect(renamed.message).toContain('at name: the lock says "a", package.json says "b"');
    const gone = failure(linked, manifests({ "": rootManifest }));
    expect(gone.message).toContain('lists the workspace "packages/a", and there is no "packages/a/package.json"');
    const unlisted = { ...rootManifest, workspaces: ["other/*"] };
    const removed = failure(linked, manifests({ "": unlisted, "packages/a": { name: "a" } }));
    expect(removed.message).toContain('at workspaces: the lock says "packages/*", package.json says "other/*"');
  });

  test("is looked for in the root and the workspaces that are reached, nowhere else", () => {
    const asked: string[] = [];
    const readManifest = (directory: string) => {
      asked.push(directory);
      return JSON.stringify(directory === "" ? good : { name: "a", dependencies: { x: "^1.0.0" } });
    };
    close(packages, { workspace: "packages/a", readManifest });
    expect(asked).toEqual(["", "packages/a"]);
  });

  test.each(["{", "[]", '{"dependencies":{"x":1}}'])("a package.json of %s is a clear error", (text) => {
    expect(failure(packages, { readManifest: () => text }).message).toContain('Cannot use "package.json"');
  });
});
