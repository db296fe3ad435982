import fc from "fast-check";
import { resolve } from "../resolve/resolve.ts";
import { poolOf } from "../testing/fake-index.ts";
import { diffLocks, pinsOf } from "./diff-lock.ts";
import { formatLock } from "./format-lock.ts";
import type { DebianLock, LockedPackage, LockedSet } from "./lock.ts";
import { lockedPackages } from "./lock-of.ts";
import { parseLock } from "./parse-lock.ts";

const HASH = "0".repeat(64);
const packageOf = (name: string, own: Partial<LockedPackage> = {}): LockedPackage => ({
  name,
  version: "1.0",
  architecture: "amd64",
  suite: "stable",
  path: `pool/${name}.deb`,
  size: 10,
  sha256: HASH,
  depends: [],
  ...own,
});
const setOf = (packages: readonly LockedPackage[], own: Partial<LockedSet> = {}): LockedSet => ({
  name: "//images/web",
  architecture: "amd64",
  request: ["web"],
  suites: [{ suite: "stable", components: ["main"], sha256: HASH, date: "2025-06-01T00:00:00Z" }],
  packages,
  ...own,
});
const lockOf = (...sets: readonly LockedSet[]): DebianLock => ({ sets });
const read = (text: string) => parseLock(text, "imgbuild.lock");

describe("the lock as a file", () => {
  test("has a line a package, sorted, and no host", () => {
    const lib = packageOf("lib");
    const web = packageOf("web", { depends: ["lib"] });
    const text = formatLock(lockOf(setOf([web, lib])));
    expect(text).toBe(`{
  "version": 1,
  "debian": {
    "sets": [
      {
        "name": "//images/web",
        "architecture": "amd64",
        "request": ["web"],
        "suites": [
          {"suite":"stable","components":["main"],"sha256":"${HASH}","date":"2025-06-01T00:00:00Z"}
        ],
        "packages": [
          "lib",
          "web"
        ]
      }
    ],
    "packages": [
      {"name":"lib","version":"1.0","architecture":"amd64","suite":"stable","path":"pool/lib.deb","size":10,"sha256":"${HASH}"},
      {"name":"web","version":"1.0","architecture":"amd64","suite":"stable","path":"pool/web.deb","size":10,"sha256":"${HASH}","depends":["lib"]}
    ]
  }
}
`);
  });

  test("what is written reads back the same, and is written the same again", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9+.-]{1,5}$/);
    const item = fc.record({
      name,
      version: fc.stringMatching(/^[0-9][a-z0-9.+~]{0,4}$/),
      size: fc.nat(),
    });
    const packages = fc
      .uniqueArray(item, { selector: (one) => one.name })
      .map((all) => all.map((one) => packageOf(one.name, { ...one, sha256: one.size.toString(16).padStart(64, "0") })));
    const sets = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), packages), { selector: ([of]) => of });
    fc.assert(
      fc.property(sets, (all) => {
        const lock = lockOf(...all.map(([of, own]) => setOf(own, { name: of })));
        const text = formatLock(lock);
        expect(formatLock(read(text))).toBe(text);
        expect(diffLocks(lock, read(text))).toEqual([]);
      }),
    );
  });

  test("has each package once, and says which where there are several versions", () => {
    const arm = packageOf("a", { architecture: "arm64", sha256: "1".repeat(64) });
    const newer = packageOf("a", { version: "2.0", sha256: "2".repeat(64) });
    const lock = lockOf(
      setOf([packageOf("a"), packageOf("b", { depends: ["a"] })], { name: "1" }),
      setOf([newer, packageOf("b")], { name: "2" }),
      setOf([arm], { name: "3", architecture: "arm64" }),
    );
    const text = formatLock(lock);
    expect(text.match(/"name":"[ab]"/g)).toHaveLength(4);
    expect(text.match(/^ {10}"[ab].*$/gm)?.map((line) => line.trim())).toEqual([
      '"a=1.0",',
      '"b"',
      '"a=2.0",',
      '"b"',
      '"a"',
    ]);
    expect(read(text).sets.map(({ packages }) => packages.map(({ name, version }) => `${name} ${version}`))).toEqual([
      ["a 1.0", "b 1.0"],
      ["a 2.0", "b 1.0"],
      ["a 1.0"],
    ]);
  });

  test("comes from what was chosen", () => {
    const resolution = resolve({ pool: poolOf("web 1; Depends: lib", "lib 2:1-1"), request: ["web"] });
    expect(lockedPackages(resolution)).toMatchObject([
      { name: "lib", version: "2:1-1", path: "pool/lib_21-1.deb", depends: [] },
      { name: "web", depends: ["lib"] },
    ]);
  });
});

describe("a lock that is wrong", () => {
  const sound = formatLock(lockOf(setOf([packageOf("a", { depends: ["b"] }), packageOf("b")])));
  test.each([
    ["no JSON", "{", 'Cannot read "imgbuild.lock": it is no JSON'],
    ["another version", sound.replace('"version": 1', '"version": 2'), "its version is 2, wanted 1"],
    ["no object", "[]", 'Cannot read $ of "imgbuild.lock": wanted an object'],
    ["no sets", '{"version": 1}', "Cannot read debian"],
    ["a bad size", sound.replace('"size":10', '"size":"10"'), 'debian.packages[0].size of "imgbuild.lock": it is "10"'],
    ["a bad hash", sound.replaceAll(HASH, "abc"), "wanted 64 hex digits"],
    ["a path that leaves", sound.replace("pool/a.deb", "../a.deb"), "it leaves the archive"],
    ["a host", sound.replace("pool/a.deb", "http://mirror.example/a.deb"), "it leaves the archive"],
    ["a version that is none", sound.replace('"version":"1.0"', '"version":"x/y"'), 'Cannot read version "x/y"'],
    [
      "a reference to nothing",
      sound.replace('          "b"', '          "c"'),
      'Cannot read debian.sets[0].packages[1] of "imgbuild.lock": "c" is not among the packages for amd64',
    ],
    ["a package twice", sound.replace('          "b"', '          "a"'), '"a" is there twice'],
  ])("%s is an error with its place", (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test("after a merge has a hint of its own", () => {
    expect(() => read(`<<<<<<< ours\n${sound}`)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("merge") }),
    );
  });
});

describe("two locks", () => {
  const before = lockOf(setOf([packageOf("a"), packageOf("b"), packageOf("c")]), setOf([], { name: "gone" }));

  test("differ by what was added, removed and changed", () => {
    const c = packageOf("c", { sha256: "1".repeat(64) });
    const after = lockOf(setOf([packageOf("a", { version: "1.1" }), c, packageOf("d")], { request: ["web", "d"] }));
    expect(diffLocks(before, after).map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
      "request: request web for amd64 → web d for amd64",
      "version: a 1.0 → 1.1",
      "removed: b 1.0 is gone",
      "content: c 1.0: its content changed",
      "added: d 1.0 is new",
      "set-removed: gone is gone",
    ]);
  });

  test("of another day of the archive say which", () => {
    const suites = [{ suite: "stable", components: ["main"], sha256: "1".repeat(64), date: "2025-07-01T00:00:00Z" }];
    expect(diffLocks(lockOf(setOf([])), lockOf(setOf([], { suites })))).toMatchObject([
      { kind: "suite", message: "index stable 2025-06-01T00:00:00Z → stable 2025-07-01T00:00:00Z" },
    ]);
  });

  test("an update keeps every version but those that are to be updated", () => {
    expect([...pinsOf(setOf([packageOf("a"), packageOf("b")]), ["b"])]).toEqual([["a", "1.0"]]);
  });
});
