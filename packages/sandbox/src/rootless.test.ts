import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { canBeOrdinaryUser, describeWithTools, runAsOrdinaryUser } from "@imgbuild/testkit";

const workspace = resolve(__dirname, "../../..");

/** The contract of sandbox.test.ts and layers.test.ts again, by a user who is not root. */
function contractAs(subordinateIds: boolean): { readonly status: number | null; readonly output: string } {
  const cache = mkdtempSync(join(tmpdir(), "imgbuild-jest-"));
  try {
    chmodSync(cache, 0o777);
    const jest = [
      "node_modules/jest/bin/jest.js",
      // The names of the groups say what was tried; with several files only --verbose prints them.
      "--verbose",
      "--cacheDirectory",
      cache,
      "packages/sandbox/src/sandbox.test.ts",
      "packages/sandbox/src/layers.test.ts",
    ];
    return runAsOrdinaryUser([process.execPath, ...jest], { subordinateIds, cwd: workspace, env: { CI: "1" } });
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

(canBeOrdinaryUser()
  ? describeWithTools
  : (_: unknown, title: string, body: () => void) =>
      describe.skip(`${title} [skipped: needs root, /etc/subuid and /etc/subgid]`, body))(
  ["unshare", "setpriv", "newuidmap"],
  "the contract of the sandbox for an ordinary user",
  () => {
    test("holds with subordinate ids", () => {
      const { status, output } = contractAs(true);
      expect(output).toContain("(subordinate)");
      expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
    }, 180_000);

    test("holds without them, but for owners", () => {
      const { status, output } = contractAs(false);
      expect(output).toContain("(single)");
      expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
    }, 180_000);
  },
);

/** Puts an overlay over TMPDIR, on which the kernel stacks no other: what is left is fuse-overlayfs. */
const ON_OVERLAY = `d=$1; shift; mount -t overlay -o "lowerdir=$d/l,upperdir=$d/u,workdir=$d/w" overlay "$d/m" && TMPDIR=$d/m exec "$@"`;

(canBeOrdinaryUser() && existsSync("/dev/fuse")
  ? describeWithTools
  : (_: unknown, title: string, body: () => void) =>
      describe.skip(`${title} [skipped: needs root and /dev/fuse]`, body))(
  ["unshare", "setpriv", "fuse-overlayfs"],
  "the contract of the sandbox where the kernel cannot stack layers",
  () => {
    test("holds with fuse-overlayfs", () => {
      const directory = mkdtempSync(join(tmpdir(), "imgbuild-on-"));
      try {
        for (const name of ["l", "u", "w", "m"]) mkdirSync(`${directory}/${name}`);
        const jest = ["node_modules/jest/bin/jest.js", "--verbose", "--cacheDirectory", `${directory}/m`];
        const files = ["packages/sandbox/src/layers.test.ts", "-t", "comes? back"];
        const { status, stdout, stderr } = spawnSync(
          "unshare",
          ["--mount", "sh", "-c", ON_OVERLAY, "sh", directory, process.execPath, ...jest, ...files],
          { cwd: workspace, encoding: "utf8", env: { PATH: process.env.PATH ?? "", CI: "1" } },
        );
        const output = `${stdout}${stderr}`;
        expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
        expect(output).toMatch(/\b2 passed/);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }, 180_000);
  },
);
