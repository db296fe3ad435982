import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
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

/** A user who is not root. */
export interface OrdinaryUser {
  readonly uid: number;
  /** Words to put before a program and its arguments, so that the user runs it. */
  readonly wrap: readonly string[];
  remove(): void;
}

/**
 * Makes up a user that exists in the mount namespace of what it runs alone: nothing of this machine is changed. Needs root,
 * unshare and setpriv, and the files /etc/subuid and /etc/subgid: see {@link canBeOrdinaryUser}.
 */
export function ordinaryUser({ subordinateIds }: Pick<OrdinaryUserOptions, "subordinateIds">): OrdinaryUser {
  const directory = mkdtempSync(join(tmpdir(), "imgbuild-user-"));
  chmodSync(directory, 0o755);
  const line = `imgtest:x:${UID}:${UID}::/tmp:/bin/sh\n`;
  writeFileSync(join(directory, "passwd"), `${readFileSync("/etc/passwd", "utf8")}${line}`);
  for (const name of ["subuid", "subgid"]) {
    writeFileSync(join(directory, name), subordinateIds ? "other:100000:65536\nimgtest:300000:65536\n" : "");
  }
  return {
    uid: Number(UID),
    wrap: ["unshare", "-m", "sh", "-c", ENTER, "sh", directory],
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Whether {@link ordinaryUser} works here. */
export function canBeOrdinaryUser(): boolean {
  return userInfo().uid === 0 && existsSync("/etc/subuid") && existsSync("/etc/subgid");
}

/** Runs a program as such a user, to its end. */
export function runAsOrdinaryUser(
  argv: readonly string[],
  { subordinateIds, cwd, env }: OrdinaryUserOptions,
): { readonly status: number | null; readonly output: string } {
  const user = ordinaryUser({ subordinateIds });
  try {
    const [command = "", ...args] = [...user.wrap, ...argv];
    const done = spawnSync(command, args, {
      cwd,
      encoding: "utf8",
      maxBuffer: 1 << 26,
      env: { PATH: process.env.PATH ?? "", HOME: "/tmp", ...env },
    });
    return { status: done.status, output: `${done.stdout}${done.stderr}` };
  } finally {
    user.remove();
  }
}
