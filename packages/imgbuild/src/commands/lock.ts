import { diffLocks, formatLock, parseLock } from "@imgbuild/debian";
import type { LockAnswer } from "@imgbuild/define";
import { ImgbuildError } from "@imgbuild/errors";
import { byCodeUnit } from "@imgbuild/graph";
import { evaluate } from "@imgbuild/loader";
import type { Flags } from "../cli/parsed-flags.ts";
import type { SuiteReader } from "../debian/choose-packages.ts";
import { readLockFile, writeLockFile } from "../debian/lock-file.ts";
import { LOCK_FILE, lockName } from "../debian/lock-name.ts";
import { readSuite, type SuiteIndexes } from "../debian/read-suite.ts";
import { type LockWish, outOfStep, type PlacedRequest, updateLock } from "../debian/update-lock.ts";
import type { Host } from "../host.ts";
import { type Session, withSession } from "../session/session.ts";

/** `imgbuild lock`: chooses the Debian packages that definitions ask for and writes them to `imgbuild.lock`. */
export function runLock(flags: Flags, host: Host): Promise<number> {
  return withSession(flags, host, async (session) => {
    const wish = await lockWish(session);
    if (flags.check && flags.update.length === 0) return checkLock(wish);
    const { lock: chosen, notes } = await updateLock(wish, suiteReader(session));
    const lock = parseLock(formatLock(chosen), LOCK_FILE);
    for (const message of notes) session.emit({ type: "warning", message });
    const changes = diffLocks(wish.old, lock);
    for (const change of changes) {
      const line = flags.json
        ? JSON.stringify({ v: 1, type: "lock.change", ...change })
        : change.kind.startsWith("set-")
          ? change.message
          : `${change.set}: ${change.message}`;
      host.stdout.write(`${line}\n`);
    }
    if (flags.check) return changes.length === 0 ? 0 : refuse("it would change");
    // A workspace that uses no packages needs no lock.
    if (lock.sets.length > 0 || wish.old.sets.length > 0) writeLockFile(session.workspaceRoot, lock, host.pid);
    return 0;
  });
}

/** Says no when definitions and lock do not agree; asks no mirror. */
function checkLock(wish: LockWish): number {
  const { missing, unused } = outOfStep(wish);
  const reasons = [
    ...missing.map((name) => `it does not have "${name}"`),
    ...unused.map((name) => `nothing asks for "${name}"`),
  ];
  return reasons.length === 0 ? 0 : refuse(reasons.join("; "));
}

function refuse(reason: string): never {
  throw new ImgbuildError("check-failed", `"${LOCK_FILE}" is not up to date: ${reason}`, {
    hint: "Run `imgbuild lock` and commit the file",
  });
}

/** What definitions ask for, and what there is. */
async function lockWish(session: Session): Promise<LockWish> {
  const { workspaceRoot, cwd, runtime, cacheDir, host, flags } = session;
  const requests = new Map<string, PlacedRequest>();
  const collecting: LockAnswer = "collecting";
  const { warnings } = await evaluate({
    workspaceRoot,
    patterns: flags.labels.length === 0 ? ["//..."] : flags.labels,
    cwd,
    cacheDir,
    runtime,
    // What is evaluated without a lock is no evaluation to keep.
    cache: { get: () => undefined, set: () => undefined },
    readEnv: (name) => host.env[name],
    machine: host.node.name,
    debianLock: () => ({ value: collecting }),
    debianAsked: (request, position) => {
      const name = lockName(request);
      if (!requests.has(name)) requests.set(name, { request, position });
    },
    now: () => host.now(),
    signal: host.signal,
  });
  for (const message of warnings) session.emit({ type: "warning", message });
  const sorted = [...requests].sort(([a], [b]) => byCodeUnit(a, b)).map(([, request]) => request);
  const old = readLockFile(workspaceRoot) ?? { sets: [] };
  return { old, requests: sorted, complete: flags.labels.length === 0, update: flags.update };
}

/** Reads suites from this machine's mirrors, each once. */
function suiteReader({ debian, host, emit }: Session): SuiteReader {
  const known = new Map<string, Promise<SuiteIndexes>>();
  return (wish) => {
    const key = JSON.stringify(wish);
    const read = async (): Promise<SuiteIndexes> => {
      const { fetcher, mirrors } = await debian.open();
      const warn = (message: string) => emit({ type: "warning", message });
      return readSuite(wish, { fetcher, mirrors: mirrors(wish.suite), now: host.now(), signal: host.signal, warn });
    };
    const found = known.get(key) ?? read();
    known.set(key, found);
    return found;
  };
}
