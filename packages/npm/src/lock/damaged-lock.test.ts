import { ImgbuildError } from "@imgbuild/errors";
import fc from "fast-check";
import { closureOf, workspacesOf } from "../closure/closure-of.ts";
import { layoutOf } from "../closure/layout.ts";
import { fixture, LINUX } from "../testing/fixtures.ts";
import type { LockFile } from "./lock-file.ts";
import { readPackageLock } from "./package-lock.ts";
import { readPnpmLock } from "./pnpm-lock.ts";

/** Locks are edited by hand and merged by machines: whatever is in them, the answer is a closure or an error that people can read. */

const junk = fc.oneof(
  fc.constantFrom(
    null,
    true,
    7,
    "",
    "..",
    "../../x",
    "/etc",
    "a/../b",
    "__proto__",
    "node_modules/x",
    "npm:x@1",
    "file:.",
    "link:..",
    "git+ssh://h/x",
  ),
  fc.constantFrom([], {}, [null], { a: null }, ["x"], { "": "" }),
);

/** Some places of a document are replaced by something else, or renamed. */
const damages = fc.array(fc.record({ at: fc.nat(), junk, what: fc.constantFrom("value", "value", "key", "gone") }), {
  minLength: 1,
  maxLength: 4,
});

type Damage = { readonly at: number; readonly junk: unknown; readonly what: string };

function damaged(document: unknown, all: readonly Damage[]): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(document));
  for (const damage of all) {
    const places: (readonly [Record<string, unknown>, string])[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      for (const key of Object.keys(value)) {
        places.push([value as Record<string, unknown>, key]);
        visit((value as Record<string, unknown>)[key]);
      }
    };
    visit(copy);
    const [owner, key] = places[damage.at % Math.max(1, places.length)] ?? [];
    if (owner === undefined || key === undefined) continue;
    if (damage.what === "key") owner[String(damage.junk)] = owner[key];
    if (damage.what !== "value") delete owner[key];
    else owner[key] = damage.junk;
  }
  return copy;
}

/** Uses a lock as far as it goes, without and with a package.json; gives all that was thrown. */
function use(read: () => LockFile, manifest: string): unknown[] {
  const thrown: unknown[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      thrown.push(error);
      return undefined;
    }
  };
  const lock = attempt(read);
  for (const workspace of lock === undefined ? [] : workspacesOf(lock))
    for (const readManifest of [undefined, () => manifest])
      attempt(() => {
        if (lock === undefined) return;
        const options = { workspace, platform: LINUX, dependencies: "all" as const };
        layoutOf(closureOf(lock, readManifest === undefined ? options : { ...options, readManifest }), {
          dest: "/app",
        });
      });
  return thrown;
}

function check(read: () => LockFile, manifest: string): void {
  for (const error of use(read, manifest)) checkError(error);
}

function checkError(error: unknown): void {
  expect(error).toBeInstanceOf(ImgbuildError);
  for (const each of [error as ImgbuildError, ...(error as ImgbuildError).related])
    expect(each.message).toMatch(/^Cannot .*".*"/s);
}

test.each(["single", "bundles"] as const)(
  "the package-lock of %s, damaged, gives a closure or a clear error",
  (name) => {
    const { lock } = fixture(name);
    const property = fc.property(damages, (all) => {
      const text = JSON.stringify(damaged(lock, all));
      check(() => readPackageLock(text, { file: "package-lock.json" }), "{}");
    });
    fc.assert(property, { numRuns: 60, seed: 7 });
  },
);

test("a pnpm-lock, damaged, gives a closure or a clear error", () => {
  const lock = {
    lockfileVersion: "9.0",
    overrides: { z: "1" },
    importers: {
      ".": {
        dependencies: {
          a: { specifier: "^1", version: "1.0.0(b@2.0.0)" },
          w: { specifier: "workspace:*", version: "link:w" },
        },
      },
      w: {
        devDependencies: { b: { specifier: "2", version: "2.0.0" } },
        optionalDependencies: { c: { specifier: "*", version: "@s/c@1.0.0" } },
      },
    },
    packages: {
      "a@1.0.0": {
        resolution: { integrity: `sha512-${"A".repeat(86)}==` },
        peerDependencies: { b: "*", q: "*" },
        peerDependenciesMeta: { q: { optional: true } },
      },
      "b@2.0.0": {
        resolution: { integrity: `sha512-${"A".repeat(86)}==`, tarball: "https://host.test/b.tgz" },
        hasBin: true,
        os: ["linux"],
      },
      "@s/c@1.0.0": { resolution: { integrity: `sha512-${"A".repeat(86)}==` }, cpu: ["x64"], libc: ["glibc"] },
    },
    snapshots: {
      "a@1.0.0(b@2.0.0)": { dependencies: { b: "2.0.0" } },
      "b@2.0.0": {},
      "@s/c@1.0.0": { optionalDependencies: { b: "2.0.0" } },
    },
  };
  const property = fc.property(damages, (all) => {
    const text = JSON.stringify(damaged(lock, all));
    check(() => readPnpmLock(text, { file: "pnpm-lock.yaml" }), '{"bin":{"x":"../../y"}}');
  });
  fc.assert(property, { numRuns: 300, seed: 7 });
});

test("a package.json, damaged, is compared or a clear error", () => {
  const { lock: written, manifests } = fixture("single");
  const lock = readPackageLock(JSON.stringify(written), { file: "package-lock.json" });
  const property = fc.property(damages, (all) => check(() => lock, JSON.stringify(damaged(manifests["."], all))));
  fc.assert(property, { numRuns: 40, seed: 7 });
});
