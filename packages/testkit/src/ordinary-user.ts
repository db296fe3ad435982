import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How an ordinary user is made up. */
export interface OrdinaryUserOptions {
  /** Whether /etc/subuid and /etc/subgid have lines for the user. */
  readonly subordinateIds: boolean;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

const UID = "4242";

/** Mounts our user database over the machine's in a namespace of its own, and drops to the user. */
const ENTER = `set -e
dir=$1; shift
mount --make-rprivate /
mount --bind "$dir/passwd" /etc/passwd
for f in subuid subgid; do mount --bind "$dir/$f" /etc/$f; done
exec setpriv --reuid ${UID} --regid ${UID} --clear-groups "$@"`;

/**
 * Runs a program as a user that is not root, and that exists in its mount namespace alone: nothing of this machine is changed.
 * Needs root, unshare and setpriv, and the files /etc/subuid and /etc/subgid.
 */
export function runAsOrdinaryUser(
  argv: readonly string[],
  { subordinateIds, cwd, env }: OrdinaryUserOptions,
): { readonly status: number | null; readonly output: string } {
  const directory = mkdtempSync(join(tmpdir(), "imgbuild-user-"));
  try {
    chmodSync(directory, 0o755);
    copyFileSync("/etc/passwd", join(directory, "passwd"));
    writeFileSync(
      join(directory, "passwd"),
      `${readFileSync("/etc/passwd", "utf8")}imgtest:x:${UID}:${UID}::/tmp:/bin/sh\n`,
    );
    for (const name of ["subuid", "subgid"]) {
      writeFileSync(join(directory, name), subordinateIds ? "other:100000:65536\nimgtest:300000:65536\n" : "");
    }
    const done = spawnSync("unshare", ["-m", "sh", "-c", ENTER, "sh", directory, ...argv], {
      cwd,
      encoding: "utf8",
      maxBuffer: 1 << 26,
      env: { PATH: process.env.PATH ?? "", HOME: "/tmp", ...env },
    });
    return { status: done.status, output: `${done.stdout}${done.stderr}` };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
