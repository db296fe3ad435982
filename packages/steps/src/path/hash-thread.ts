/**
 * A batch of n files in shared memory, in this order:
 *
 *     i32 state, padding to BATCH_HEAD bytes
 *     f64[5n] size, mtimeMs, ctimeMs, inode, mode of each file
 *     f64[n] where its content was kept in the room, plus one; 0: nowhere
 *     32 bytes × n digests, u8[n] results
 */
export const BATCH_HEAD = 8;
export const BATCH_FIELDS = 5;

/** Whoever turns `free` into `taken` has the batch. */
export const BatchState = { free: 0, taken: 1, done: 2 } as const;

/** What came of a file: `failed` is to be tried again by whoever can say why. */
export const FileResult = { none: 0, hashed: 1, failed: 2 } as const;

/** Words that wake the thread: how often it was told something, and whether it is to end. */
export const Control = { posted: 0, over: 1 } as const;

/**
 * The program of the other thread. It does what `hashFile` does: reads a file, checks that it did not change meanwhile,
 * hashes it, and keeps small contents in the room it was given.
 */
export const HASH_THREAD = `
const fs = require("node:fs");
const { createHash, hash } = require("node:crypto");
const { parentPort, receiveMessageOnPort, workerData: { control, room } } = require("node:worker_threads");
const store = Buffer.from(room.buffer, room.byteOffset, room.byteLength);
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
  const digest = createHash("sha256");
  for (;;) {
    const read = fs.readSync(fd, scratch, 0, scratch.length, null);
    if (read === 0) return digest.digest();
    digest.update(scratch.subarray(0, read));
  }
}

/** Gives the place of the content in the room, or -1. */
function hashFile(path, was, digest) {
  const size = was[0];
  const fd = fs.openSync(path, "r");
  try {
    let sha256, kept = -1;
    if (size >= scratch.length) sha256 = hashLarge(fd);
    else {
      if (used + size <= store.length) kept = used;
      const content = kept < 0 ? scratch.subarray(0, size) : store.subarray(kept, kept + size);
      readAll(fd, content);
      sha256 = hash("sha256", content, "buffer");
    }
    const is = fs.fstatSync(fd);
    if (is.size !== size || is.mtimeMs !== was[1] || is.ctimeMs !== was[2] || is.ino !== was[3] || is.mode !== was[4]) {
      throw new Error("changed");
    }
    digest.set(sha256);
    if (kept >= 0) used += size;
    return kept;
  } finally {
    fs.closeSync(fd);
  }
}

function hashBatch(paths, memory) {
  const count = paths.length;
  const after = ${BATCH_HEAD} + count * ${BATCH_FIELDS} * 8;
  const stats = new Float64Array(memory, ${BATCH_HEAD}, count * ${BATCH_FIELDS});
  const offsets = new Float64Array(memory, after, count);
  const digests = new Uint8Array(memory, after + count * 8, count * 32);
  const results = new Uint8Array(memory, after + count * 40, count);
  for (let i = 0; i < count; i++) {
    try {
      const was = stats.subarray(i * ${BATCH_FIELDS}, (i + 1) * ${BATCH_FIELDS});
      offsets[i] = 1 + hashFile(paths[i], was, digests.subarray(i * 32, i * 32 + 32));
      results[i] = ${FileResult.hashed};
    } catch {
      results[i] = ${FileResult.failed};
    }
  }
}

for (;;) {
  const posted = Atomics.load(control, ${Control.posted});
  if (Atomics.load(control, ${Control.over}) === 1) break;
  const received = receiveMessageOnPort(parentPort);
  if (received === undefined) {
    Atomics.wait(control, ${Control.posted}, posted, 1000);
    continue;
  }
  const { paths, memory } = received.message;
  const state = new Int32Array(memory, 0, 1);
  if (Atomics.compareExchange(state, 0, ${BatchState.free}, ${BatchState.taken}) !== ${BatchState.free}) continue;
  hashBatch(paths, memory);
  Atomics.store(state, 0, ${BatchState.done});
  Atomics.notify(state, 0);
}
`;
