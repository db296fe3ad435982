/** Numbers that tell the other thread what a file was like: size, mtimeMs, ctimeMs, inode, mode. */
export const STAT_FIELDS = 5;

/** Words of the control array: the next task to take, and whether the thread is at work. */
export const Slot = { next: 0, running: 1 } as const;

/** Tasks that a thread takes at a time. */
export const TASKS_AT_ONCE = 16;

/**
 * The program of the other thread. It does what `hashFile` does: reads a file, checks that it did not change meanwhile,
 * hashes it, and keeps small contents in the room it was given. State 1: digest is there; 2: try it yourself.
 */
export const HASH_THREAD = `
const fs = require("node:fs");
const crypto = require("node:crypto");
const { paths, stats, control, states, digests, offsets, room } = require("node:worker_threads").workerData;
const store = Buffer.from(room.buffer, room.byteOffset, room.byteLength);
const out = Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength);
const scratch = Buffer.allocUnsafeSlow(1 << 20);
let used = 0;

function readAll(fd, into) {
  for (let at = 0; at < into.length; ) {
    const read = fs.readSync(fd, into, at, into.length - at, null);
    if (read === 0) throw new Error("shorter");
    at += read;
  }
}

function hashLarge(fd) {
  const hash = crypto.createHash("sha256");
  for (;;) {
    const read = fs.readSync(fd, scratch, 0, scratch.length, null);
    if (read === 0) return hash.digest();
    hash.update(scratch.subarray(0, read));
  }
}

function hashFile(i) {
  const [size, mtimeMs, ctimeMs, ino, mode] = stats.subarray(i * ${STAT_FIELDS}, (i + 1) * ${STAT_FIELDS});
  const fd = fs.openSync(paths[i], "r");
  try {
    const fits = size < scratch.length && used + size <= store.length;
    const content = fits ? store.subarray(used, used + size) : scratch.subarray(0, Math.min(size, scratch.length));
    if (size < scratch.length) readAll(fd, content);
    const digest = size < scratch.length ? crypto.createHash("sha256").update(content).digest() : hashLarge(fd);
    const stat = fs.fstatSync(fd);
    if (stat.size !== size || stat.mtimeMs !== mtimeMs || stat.ctimeMs !== ctimeMs || stat.ino !== ino || stat.mode !== mode) {
      throw new Error("changed");
    }
    digest.copy(out, i * 32);
    if (fits) {
      offsets[i] = used + 1;
      used += size;
    }
    states[i] = 1;
  } finally {
    fs.closeSync(fd);
  }
}

Atomics.store(control, 1, 1);
for (;;) {
  const begin = Atomics.add(control, 0, ${TASKS_AT_ONCE});
  const end = Math.min(begin + ${TASKS_AT_ONCE}, paths.length);
  if (begin >= end) break;
  for (let i = begin; i < end; i++) {
    try {
      hashFile(i);
    } catch {
      states[i] = 2;
    }
  }
}
Atomics.store(control, 1, 0);
Atomics.notify(control, 1);
`;
