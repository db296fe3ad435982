import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DebianLock, formatLock, parseLock } from "@imgbuild/debian";
import { fromUnknown } from "@imgbuild/errors";
import { LOCK_FILE } from "./lock-name.ts";

/** The lock of a workspace; undefined when there is none. Throws what `parseLock` throws. */
export function readLockFile(workspaceRoot: string): DebianLock | undefined {
  const text = readText(join(workspaceRoot, LOCK_FILE));
  return text === undefined ? undefined : parseLock(text, LOCK_FILE);
}

/** Writes the lock, whole or not at all; false when it is there already, byte by byte. */
export function writeLockFile(workspaceRoot: string, lock: DebianLock, pid: number): boolean {
  const path = join(workspaceRoot, LOCK_FILE);
  const text = formatLock(lock);
  if (readText(path) === text) return false;
  const draft = `${path}.${pid}`;
  try {
    writeFileSync(draft, text, { mode: modeOf(path) });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw fromUnknown(error, `Cannot write "${LOCK_FILE}"`);
  }
  return true;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fromUnknown(error, `Cannot read "${LOCK_FILE}"`);
  }
}

function modeOf(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.mode ?? 0o644) & 0o777;
}
