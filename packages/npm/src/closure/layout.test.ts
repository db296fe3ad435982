import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { requiredName } from "../lock/install-path.ts";
import type { LockFile } from "../lock/lock-file.ts";
import { readPackageLock } from "../lock/package-lock.ts";
import { readPnpmLock } from "../lock/pnpm-lock.ts";
import { entry, FIXTURES, fixture, LINUX, lockOf } from "../testing/fixtures.ts";
import type { Closure } from "./closure.ts";
import { closureOf, workspacesOf } from "./closure-of.ts";
import { layoutOf } from "./layout.ts";

const npmLock = readPackageLock(JSON.stringify(fixture("monorepo").lock), { file: "package-lock.json" });
const pnpmLock = readPnpmLock(readFileSync(join(FIXTURES, "monorepo.pnpm-lock.yaml"), "utf8"), {
  file: "pnpm-lock.yaml",
});

describe("Node itself, in the tree of a layout, finds what the lock chose", () => {
  let root: string;

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "imgbuild-layout-")));
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  const cases = ([npmLock, pnpmLock] as readonly LockFile[]).flatMap((lock) =>
    workspacesOf(lock).map((workspace) => ({ file: lock.source.file, workspace, lock })),
  );

  test.each(cases)("$file, workspace $workspace", ({ lock, workspace }) => {
    const closure = closureOf(lock, { workspace, platform: LINUX });
    writeTree(root, closure);
    const questions = closure.edges.map(({ from, to }) => ({
      from: join(root, from),
      names: namesOf(closure, to),
      to: join(root, to, "package.json"),
    }));
    const script = `
      const { createRequire } = require("node:module"), { realpathSync } = require("node:fs");
      for (const { from, names, to } of JSON.parse(require("node:fs").readFileSync(0, "utf8"))) {
        const own = createRequire(realpathSync(from) + "/index.js");
        const found = names.map((name) => { try { return own.resolve(name + "/package.json"); } catch { return "nothing"; } });
        if (!found.includes(to)) console.log(from, names, found);
      }`;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], {
      input: JSON.stringify(questions),
      encoding: "utf8",
    });
    expect(stdout + stderr).toBe("");
  });
});

function namesOf(closure: Closure, to: string): string[] {
  const names = closure.links.filter(({ target }) => target === to).map(({ path }) => requiredName(path));
  return [...names, requiredName(to)].filter((name) => name !== undefined);
}

function writeTree(root: string, closure: Closure): void {
  for (const item of layoutOf(closure, { dest: root }).entries) {
    if (item.kind === "unit") {
      mkdirSync(item.path, { recursive: true });
      writeFileSync(join(item.path, "package.json"), JSON.stringify({ name: item.unit.name }));
    } else {
      mkdirSync(dirname(item.path), { recursive: true });
      symlinkSync(item.target, item.path);
    }
  }
}

describe("a layout", () => {
  const closure = closureOf(
    lockOf({
      "": { dependencies: { a: "*" } },
      "node_modules/a": { link: true, resolved: "packages/a" },
      "packages/a": { name: "a", dependencies: { "@s/x": "1" }, bin: "cli.js" },
      "packages/a/node_modules/@s/x": entry("1.0.0", { bin: { x: "bin/x.js" } }),
    }),
    { workspace: "packages/a", platform: LINUX },
  );

  test("keeps the places that packages have in the repository, below the destination", () => {
    const { entries, workingDirectory } = layoutOf(closure, { dest: "/app/" });
    expect(workingDirectory).toBe("/app/packages/a");
    expect(entries.map((item) => (item.kind === "link" ? [item.path, item.target] : [item.path]))).toEqual([
      ["/app/node_modules/.bin/a", "../a/cli.js"],
      ["/app/node_modules/a", "../packages/a"],
      ["/app/packages/a"],
      ["/app/packages/a/node_modules/.bin/x", "../@s/x/bin/x.js"],
      ["/app/packages/a/node_modules/@s/x"],
    ]);
  });

  test("may be the whole file system", () => {
    expect(layoutOf(closure, { dest: "/" }).entries[1]?.path).toBe("/node_modules/a");
  });

  test.each(["app", "", "/a/../b", "/a//b", "/a/./b", "/a\0"])("at %j is refused", (dest) => {
    expect(() => layoutOf(closure, { dest })).toThrow("wanted an absolute path");
  });
});
