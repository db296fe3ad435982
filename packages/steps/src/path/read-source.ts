import { createHash, hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { ImgbuildError } from "@imgbuild/errors";

/** The numbers of a stat that change when a file does. */
export type StatTuple = Pick<Stats, "size" | "mtimeMs" | "ctimeMs" | "ino" | "mode">;

/** Whether two stats are of the same file in the same state. Equality only: a time that went back is a change too. */
function sameStat(a: StatTuple, b: StatTuple): boolean {
  return (
    a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.size === b.size && a.ino === b.ino && a.mode === b.mode
  );
}

const SCRATCH = Buffer.allocUnsafeSlow(1 << 20);

/**
 * The sha256 (64 hex digits) of a file that is as `stat` says before and after it is read. Throws `input-changed` when
 * it is not.
 */
export function hashFile(path: string, stat: StatTuple): string {
  const file = openSync(path, "r");
  try {
    if (stat.size >= SCRATCH.length) {
      const digest = hashLarge(file);
      checkStill(file, path, stat);
      return digest;
    }
    const content = SCRATCH.subarray(0, stat.size);
    readAll(file, path, content);
    checkStill(file, path, stat);
    return hash("sha256", content, "hex");
  } finally {
    closeSync(file);
  }
}

/** The error for a file that did not hold still. */
export function changed(path: string): ImgbuildError {
  return new ImgbuildError("input-changed", `Cannot read "${path}": it changes while it is read`, {
    hint: "Wait until nothing writes to it, and run the command again",
  });
}

function checkStill(file: number, path: string, stat: StatTuple): void {
  if (!sameStat(fstatSync(file), stat)) throw changed(path);
}

function readAll(file: number, path: string, into: Buffer): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(file, into, at, into.length - at, null);
    if (read === 0) throw changed(path);
    at += read;
  }
}

function hashLarge(file: number): string {
  const digest = createHash("sha256");
  for (;;) {
    const read = readSync(file, SCRATCH, 0, SCRATCH.length, null);
    if (read === 0) return digest.digest("hex");
    digest.update(SCRATCH.subarray(0, read));
  }
}
