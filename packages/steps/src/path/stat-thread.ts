import { Flag, HEAD, ROW_BYTES } from "./packed-directory.ts";
import { FileType } from "./swept-tree.ts";

/** What is known of a directory of a {@link StatThreadData}. */
export const Seen = {
  /** Nobody has looked. */
  no: 0,
  /** Every file and link in it is as its record says. */
  unchanged: 1,
  /** The other thread could not say so. */
  unsure: 2,
  /** The first thread looks itself. */
  taken: 3,
} as const;

/** What the other thread is given. */
export interface StatThreadData {
  /** Absolute paths of directories. */
  readonly paths: readonly string[];
  /** Where in `records` the packed record of each begins: multiples of eight. */
  readonly offsets: Float64Array;
  readonly records: SharedArrayBuffer;
  /** One of {@link Seen} a directory, shared. */
  readonly seen: Uint8Array;
}

/** Type bits of a mode. */
const TYPE = 0o170000;

/**
 * The program of the other thread: from the last directory to the first, it compares every file and link with its record. It
 * stops where the first thread has been, and does not look at sub-directories themselves.
 */
export const STAT_THREAD = `
const { lstatSync } = require("node:fs");
const { paths, offsets, records, seen } = require("node:worker_threads").workerData;
const bytes = Buffer.from(records);

function unchanged(path, at) {
  const [count, nameBytes] = new Uint32Array(records, at + 4, 2);
  const times = new Float64Array(records, at + ${HEAD}, count * 4);
  const modes = new Uint32Array(records, at + ${HEAD} + count * 32, count);
  const flags = new Uint8Array(records, at + ${HEAD} + count * 36, count);
  const namesAt = at + ${HEAD} + count * ${ROW_BYTES};
  const names = bytes.toString("utf8", namesAt, namesAt + nameBytes).split("\\0");
  for (let i = 0; i < count; i++) {
    if (flags[i] !== 0) {
      if (flags[i] === ${Flag.excluded}) continue;
      return false;
    }
    if ((modes[i] & ${TYPE}) === ${FileType.directory}) continue;
    const stat = lstatSync(path + "/" + names[i]);
    if (
      stat.mtimeMs !== times[i] ||
      stat.ctimeMs !== times[count + i] ||
      stat.size !== times[2 * count + i] ||
      stat.ino !== times[3 * count + i] ||
      stat.mode !== modes[i]
    ) {
      return false;
    }
  }
  return true;
}

for (let i = paths.length - 1; i >= 0; i--) {
  if (Atomics.load(seen, i) !== ${Seen.no}) continue;
  let same = false;
  try {
    same = unchanged(paths[i], offsets[i]);
  } catch {}
  Atomics.compareExchange(seen, i, ${Seen.no}, same ? ${Seen.unchanged} : ${Seen.unsure});
}
`;
