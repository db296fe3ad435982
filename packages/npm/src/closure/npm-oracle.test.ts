import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readPackageLock } from "../lock/package-lock.ts";
import { FIXTURES, fixture } from "../testing/fixtures.ts";
import { closureOf } from "./closure-of.ts";
import { layoutOf } from "./layout.ts";

describe.each(["monorepo", "single", "bundles"] as const)("the project %s", (name) => {
  const { lock: written, trees, manifests } = fixture(name);
  const lock = readPackageLock(JSON.stringify(written), { file: "package-lock.json" });
  const readManifest = (directory: string) => JSON.stringify(manifests[directory || "."]);

  describe.each(trees)(
    "workspace $workspace for $target.architecture/$target.libc",
    ({ workspace, target, packages, links }) => {
      const closure = closureOf(lock, { workspace, platform: target, readManifest });

      test("has exactly the packages that `npm ci --omit=dev` installs", () => {
        const installed = closure.units.filter(({ kind }) => kind === "package");
        const ours = [...installed, ...closure.bundled].map(({ installPath }) => installPath).sort();
        expect(ours).toEqual(packages);
        expect(closure.warnings).toEqual([]);
      });

      test("has exactly the links that npm makes", () => {
        const ours = layoutOf(closure, { dest: "/" }).entries.flatMap((item) =>
          item.kind === "link" ? [[item.path.slice(1), item.target]] : [],
        );
        expect(Object.fromEntries(ours)).toEqual(links);
      });
    },
  );

  test("holds no host name", () => {
    const text = readFileSync(join(FIXTURES, `${name}.json`), "utf8");
    expect(text).not.toMatch(/https?:/);
  });
});

test("native packages are those of the target, not of this machine", () => {
  const { lock: written } = fixture("monorepo");
  const lock = readPackageLock(JSON.stringify(written), { file: "package-lock.json" });
  const native = (workspace: string, platform: Parameters<typeof closureOf>[1]["platform"]) =>
    closureOf(lock, { workspace, platform })
      .units.map(({ name }) => name)
      .filter((name) => /^@(?:img|swc|esbuild)\/(?!core$|types$|counter$)/.test(name));
  expect(native("packages/web", { os: "linux", architecture: "amd64", libc: "glibc" })).toEqual([
    "@swc/core-linux-x64-gnu",
    "@esbuild/linux-x64",
  ]);
  expect(native("packages/web", { os: "linux", architecture: "arm64", libc: "musl" })).toEqual([
    "@swc/core-linux-arm64-musl",
    "@esbuild/linux-arm64",
  ]);
  expect(native("packages/api", { os: "linux", architecture: "arm64", libc: "musl" })).toEqual([
    "@img/sharp-libvips-linuxmusl-arm64",
    "@img/sharp-linuxmusl-arm64",
  ]);
  expect(native("packages/api", { os: "darwin", architecture: "arm64" })).toEqual([
    "@img/sharp-darwin-arm64",
    "@img/sharp-libvips-darwin-arm64",
  ]);
});

test("a lock of an older npm, without libc, gives the same native packages where their names tell", () => {
  const { lock: written, trees } = fixture("monorepo");
  const withoutLibc = JSON.stringify(written, (key, value: unknown) => (key === "libc" ? undefined : value));
  const lock = readPackageLock(withoutLibc, { file: "package-lock.json" });
  const glibc = trees.filter(({ target }) => target.libc === "glibc");
  expect(glibc.length).toBeGreaterThan(2);
  for (const { workspace, target, packages } of glibc) {
    const closure = closureOf(lock, { workspace, platform: target });
    const ours = closure.units.filter(({ kind }) => kind === "package").map(({ installPath }) => installPath);
    expect(ours).toEqual(packages);
  }
});
