import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";
import { readPnpmLock } from "../lock/pnpm-lock.ts";
import { FIXTURES, fixture, LINUX } from "../testing/fixtures.ts";
import { type ClosureOptions, closureOf } from "./closure-of.ts";

const TEXT = readFileSync(join(FIXTURES, "monorepo.pnpm-lock.yaml"), "utf8");
const read = (text: string) => readPnpmLock(text, { file: "pnpm-lock.yaml" });
const close = (text: string, more: Partial<ClosureOptions> = {}) =>
  closureOf(read(text), { workspace: "packages/api", platform: LINUX, ...more });

function failure(work: () => unknown): ImgbuildError {
  try {
    work();
  } catch (error) {
    if (error instanceof ImgbuildError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

const INTEGRITY = `sha512-${"A".repeat(86)}==`;

/** A lock of one importer that needs `x`. */
function small(more: { resolution?: string; version?: string; snapshot?: string; extra?: string } = {}): string {
  const { resolution = `{integrity: ${INTEGRITY}}`, version = "1.0.0", snapshot = "{}", extra = "" } = more;
  return `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      x:
        specifier: ^1.0.0
        version: ${version}
packages:
  x@1.0.0:
    resolution: ${resolution}
${extra}snapshots:
  x@${version}: ${snapshot}
`;
}

describe("the closure of a workspace in a pnpm lock", () => {
  test("has each package once for each set of peers, in pnpm's store, and links beside", () => {
    const closure = close(TEXT);
    const core = closure.units.find(({ name }) => name === "@nestjs/core");
    expect(core?.installPath).toMatch(/^node_modules\/\.pnpm\/@nestjs\+core@[^/]+\/node_modules\/@nestjs\/core$/);
    const beside = core?.installPath.replace("@nestjs/core", "rxjs");
    expect(closure.links.find(({ path }) => path === beside)?.target).toMatch(/\/node_modules\/rxjs$/);
    expect(closure.links.find(({ path }) => path === "packages/api/node_modules/@x/shared")?.target).toBe(
      "packages/shared",
    );
    expect(closure.warnings).toEqual([]);
  });

  test("has the names and versions that npm installs for the same project", () => {
    for (const { workspace, target, packages } of fixture("monorepo").trees) {
      const closure = close(TEXT, { workspace, platform: target });
      const names = new Set(closure.units.flatMap((unit) => (unit.kind === "package" ? [unit.name] : [])));
      const installed = new Set(
        packages.map((path) => path.replace(/^.*node_modules\//, "").replace("lodash3", "lodash")),
      );
      if (workspace !== "packages/ui") expect([...names].sort()).toEqual([...installed].sort());
    }
  });

  test("has a copied directory as first-party files in the store", () => {
    const local = close(TEXT).units.find(({ name }) => name === "local");
    expect(local).toMatchObject({ kind: "first-party", directory: "libs/local" });
    expect(local?.installPath).toContain("node_modules/.pnpm/");
  });

  test("finds what packages forgot to declare where pnpm puts it", () => {
    const { links } = close(small(), { workspace: "" });
    expect(links).toContainEqual({
      path: "node_modules/.pnpm/node_modules/x",
      target: "node_modules/.pnpm/x@1.0.0/node_modules/x",
    });
  });

  test("leaves out native packages of other platforms", () => {
    const names = close(TEXT, { platform: { os: "linux", architecture: "arm64", libc: "musl" } }).units.map(
      ({ name }) => name,
    );
    expect(names.filter((name) => name.startsWith("@img/"))).toEqual([
      "@img/sharp-libvips-linuxmusl-arm64",
      "@img/sharp-linuxmusl-arm64",
    ]);
  });

  test("in step with package.json, whose overridden and peer dependencies are not compared", () => {
    const { manifests } = fixture("monorepo");
    const readManifest = (directory: string) => JSON.stringify(manifests[directory || "."]);
    expect(close(TEXT, { readManifest }).units.length).toBeGreaterThan(40);
    expect(close(TEXT, { workspace: "packages/ui", readManifest }).units.length).toBeGreaterThan(3);
  });

  test("long keys get short, distinct file names", () => {
    const version = `1.0.0(${"peer-of-some-length@1.0.0)(".repeat(8)}y@1.0.0)`;
    const { units } = close(small({ version: `'${version}'`, extra: "" }).replace(`x@'${version}'`, `'x@${version}'`), {
      workspace: "",
    });
    expect(units[1]?.installPath.split("/")[2]?.length).toBeLessThan(110);
  });
});

describe("a pnpm lock", () => {
  test.each(["6.0", "5.4", "10.0", "x"])("of version %s is refused with a hint", (version) => {
    const error = failure(() => read(`lockfileVersion: '${version}'\n`));
    expect(error).toMatchObject({ code: "unsupported", message: expect.stringContaining(`"${version}"`) });
    expect(error.hint).toContain("pnpm install");
  });

  test("with a document about pnpm itself before it is read", () => {
    expect(read(`lockfileVersion: '9.0'\nimporters: {}\n---\n${small()}`).importers.size).toBe(1);
  });

  test.each([
    ["", "it is empty"],
    ["lockfileVersion: '9.0'\nimporters: [", "it is not YAML"],
    ["lockfileVersion: '9.0'\nimporters: {}", 'it has no "importers"'],
    ["lockfileVersion: '9.0'\nimporters: []", "importers is [], wanted an object"],
    ["lockfileVersion: '9.0'\nimporters:\n  ../x: {}", "is no directory below the root"],
    [
      "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      x: {version: 1.0.0}",
      "has no specifier or version",
    ],
    ["<<<<<<< HEAD\nlockfileVersion: '9.0'", "merge conflicts"],
    [
      `lockfileVersion: '9.0'\na: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
        .split("")
        .map((c, i) => `${c}: &${c} [${`*${"abcdefgh"[i]},`.repeat(9)}]`)
        .join("\n")}`,
      "it is not YAML",
    ],
  ])("%j is refused", (text, what) => {
    expect(failure(() => read(text))).toMatchObject({
      code: "invalid-archive",
      message: expect.stringContaining(what),
    });
  });

  test.each([
    [{ resolution: "{type: git, repo: r, commit: c}" }, "unsupported", "comes from git"],
    [{ resolution: "{tarball: 'https://codeload.host.test/a/b/tar.gz/abc'}" }, "unsupported", "comes from git"],
    [{ resolution: "{tarball: 'https://host.test/x.tgz'}" }, "invalid-archive", "has no integrity"],
    [{ version: "1.0.0(patch_hash=abc)" }, "unsupported", "is patched"],
    [{ resolution: "{type: directory, directory: ../x}" }, "path-escape", "outside of the workspace"],
    [{ version: "link:../x" }, "path-escape", "outside of the workspace"],
    [{ snapshot: "{dependencies: {y: 1.0.0}}" }, "invalid-archive", 'needs "y"'],
    [{ snapshot: "{dependencies: {../../y: 1.0.0}}" }, "invalid-archive", "is no name of a package"],
    [{ extra: "    cpu: [arm64]\n" }, "unsupported", "does not run on linux/amd64 with glibc: it is for arm64"],
  ])("with %j is %s when it is used", (more, code, what) => {
    const error = failure(() => close(small(more), { workspace: "" }));
    expect(error).toMatchObject({ code, message: expect.stringContaining(what) });
  });

  test("out of step with package.json is refused", () => {
    const readManifest = () => '{"dependencies":{"x":"^2.0.0"}}';
    const error = failure(() => close(small(), { workspace: "", readManifest }));
    expect(error).toMatchObject({
      message: expect.stringContaining('the lock says "^1.0.0"'),
      hint: expect.stringContaining("pnpm install"),
    });
  });
});
