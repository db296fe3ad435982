import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A file as it was when an evaluation read it. `stat` is null when it was too young to be trusted. */
export interface FileStamp {
  /** Relative to the workspace. */
  readonly path: string;
  /** Null when there was no such file: its coming into being matters too. */
  readonly sha256: string | null;
  /** size, mtimeMs, ctimeMs, inode. */
  readonly stat: readonly [number, number, number, number] | null;
}

/** A file younger than this when it was read may change again without a new time stamp. Milliseconds. */
const RACY_MS = 20;

/** File times may lag the clock by one tick of the kernel. Milliseconds. */
export const CLOCK_STEP_MS = 10;

type Stat = readonly [number, number, number, number];

/** Stamps a file whose content is known, or reads it. */
export function stampFile(
  root: string,
  path: string,
  at: { readonly now: number; readonly content?: Buffer },
): FileStamp {
  const stat = statOf(root, path);
  if (stat === undefined) return { path, sha256: null, stat: null };
  const content = at.content ?? readOrUndefined(root, path);
  if (content === undefined) return { path, sha256: null, stat: null };
  const young = Math.max(stat[1], stat[2]) > at.now - RACY_MS;
  return { path, sha256: createHash("sha256").update(content).digest("hex"), stat: young ? null : stat };
}

/** Whether a file still has the content it had. Gives the stamp to keep (fresher, perhaps); undefined if it changed. */
export function recheckFile(root: string, stamp: FileStamp, now: number): FileStamp | undefined {
  const stat = statOf(root, stamp.path);
  if (stat === undefined || stamp.sha256 === null) {
    return stat === undefined && stamp.sha256 === null ? stamp : undefined;
  }
  if (stamp.stat?.every((value, i) => value === stat[i])) return stamp;
  const fresh = stampFile(root, stamp.path, { now });
  return fresh.sha256 === stamp.sha256 ? fresh : undefined;
}

/** When a file last changed in any way, in milliseconds; 0 when there is none. */
export function changeTime(root: string, path: string): number {
  const stat = statOf(root, path);
  return stat === undefined ? 0 : Math.max(stat[1], stat[2]);
}

function statOf(root: string, path: string): Stat | undefined {
  try {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    return stat?.isFile() ? [stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino] : undefined;
  } catch {
    return undefined;
  }
}

function readOrUndefined(root: string, path: string): Buffer | undefined {
  try {
    return readFileSync(join(root, path));
  } catch {
    return undefined;
  }
}
