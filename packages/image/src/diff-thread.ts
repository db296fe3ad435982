/**
 * Words of the memory that the reader of a layer and its hashing thread share. The reader counts up `given` when a slot is
 * ready, the thread `filled` when it has read what was missing in it, and `hashed`; so slot n % slots is free again once
 * `hashed` > n. Each change by the thread counts up `event`, which the reader waits for. With `failed` the thread says that
 * it cannot read something, and waits until the reader has filled the slot and set it back.
 */
export const Word = { given: 0, filled: 1, hashed: 2, failed: 3, over: 4, event: 5, slots: 6 } as const;

/** Words for each slot, from `Word.slots` on: its bytes, and whether a message says what to read into it. */
export const SLOT_WORDS = 2;

/** Bytes of words and digest before the slots. */
export function headSize(slots: number): number {
  return (Word.slots + slots * SLOT_WORDS) * 4 + 32;
}

/** The program of the thread. It reads as `BlockReader` does: exactly the size, and what has the right digest. */
export const DIFF_THREAD = `
const fs = require("node:fs");
const { createHash, hash } = require("node:crypto");
const { parentPort, receiveMessageOnPort, workerData } = require("node:worker_threads");
const { shared, slotSize, slots, head } = workerData;
const words = new Int32Array(shared, 0, (head - 32) / 4);
const one = Buffer.allocUnsafeSlow(1);
const diff = createHash("sha256");

function say(word, value) {
  Atomics.store(words, word, value);
  Atomics.add(words, ${Word.event}, 1);
  Atomics.notify(words, ${Word.event});
}

function read(path, into, sha256) {
  const file = fs.openSync(path, "r");
  try {
    for (let at = 0; at < into.length; ) {
      const count = fs.readSync(file, into, at, into.length - at, null);
      if (count === 0) throw new Error("shorter");
      at += count;
    }
    if (fs.readSync(file, one, 0, 1, null) !== 0) throw new Error("longer");
  } finally {
    fs.closeSync(file);
  }
  if (hash("sha256", into, "hex") !== sha256) throw new Error("other bytes");
}

function fill(slot) {
  try {
    const { message } = receiveMessageOnPort(parentPort);
    for (const [path, size, at, sha256] of message) read(path, Buffer.from(shared, head + slot * slotSize + at, size), sha256);
  } catch {
    say(${Word.failed}, 1);
    while (Atomics.load(words, ${Word.failed}) === 1) Atomics.wait(words, ${Word.failed}, 1, 1000);
  }
}

for (let n = 0; ; n++) {
  for (let given; (given = Atomics.load(words, ${Word.given})) <= n; ) Atomics.wait(words, ${Word.given}, given, 1000);
  if (Atomics.load(words, ${Word.over}) === 1) break;
  const slot = n % slots;
  if (words[${Word.slots} + slot * ${SLOT_WORDS} + 1] === 1) fill(slot);
  say(${Word.filled}, n + 1);
  diff.update(new Uint8Array(shared, head + slot * slotSize, words[${Word.slots} + slot * ${SLOT_WORDS}]));
  say(${Word.hashed}, n + 1);
}
new Uint8Array(shared, head - 32, 32).set(diff.digest());
say(${Word.over}, 2);
`;
