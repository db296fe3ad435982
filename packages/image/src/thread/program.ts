import {
  BATCH_HEAD,
  BATCH_STATS,
  BatchState,
  DIGEST_SIZE,
  FileResult,
  LayerWord as Layer,
  SLOT_WORDS,
} from "./protocol.ts";

/**
 * The program of the second thread, as text since neither the bundle nor the tests have a file for it. It reads files as
 * strictly as the first thread does, and says nothing of errors: the first thread tries again and throws them.
 */
export const THREAD_PROGRAM = `
const fs = require("node:fs");
const { createHash, hash } = require("node:crypto");
const { parentPort, receiveMessageOnPort, workerData: { posted } } = require("node:worker_threads");
const LARGE = 1 << 20;
const scratch = Buffer.allocUnsafeSlow(LARGE + 1);

function readAll(fd, into) {
  for (let at = 0; at < into.length; ) {
    const count = fs.readSync(fd, into, at, into.length - at, null);
    if (count === 0) throw new Error("shorter");
    at += count;
  }
}

function hashLarge(fd) {
  const digest = createHash("sha256");
  for (;;) {
    const count = fs.readSync(fd, scratch, 0, LARGE, null);
    if (count === 0) return digest.digest();
    digest.update(scratch.subarray(0, count));
  }
}

function hashFile(path, was, digest) {
  const size = was[0];
  const fd = fs.openSync(path, "r");
  try {
    let sha256;
    if (size >= LARGE) sha256 = hashLarge(fd);
    else {
      const content = scratch.subarray(0, size);
      readAll(fd, content);
      sha256 = hash("sha256", content, "buffer");
    }
    const is = fs.fstatSync(fd);
    if (is.size !== size || is.mtimeMs !== was[1] || is.ctimeMs !== was[2] || is.ino !== was[3] || is.mode !== was[4]) {
      throw new Error("changed");
    }
    digest.set(sha256);
  } finally {
    fs.closeSync(fd);
  }
}

function hashBatch({ paths, memory }) {
  const state = new Int32Array(memory, 0, 1);
  if (Atomics.compareExchange(state, 0, ${BatchState.free}, ${BatchState.taken}) !== ${BatchState.free}) return;
  const count = paths.length;
  const after = ${BATCH_HEAD} + count * ${BATCH_STATS} * 8;
  const stats = new Float64Array(memory, ${BATCH_HEAD}, count * ${BATCH_STATS});
  const digests = new Uint8Array(memory, after, count * 32);
  const results = new Uint8Array(memory, after + count * 32, count);
  for (let i = 0; i < count; i++) {
    try {
      const was = stats.subarray(i * ${BATCH_STATS}, (i + 1) * ${BATCH_STATS});
      hashFile(paths[i], was, digests.subarray(i * 32, i * 32 + 32));
      results[i] = ${FileResult.hashed};
    } catch {
      results[i] = ${FileResult.failed};
    }
  }
  Atomics.store(state, 0, ${BatchState.done});
  Atomics.notify(state, 0);
}

function readFile(path, into, sha256) {
  const fd = fs.openSync(path, "r");
  let length = 0;
  try {
    // One byte more than there should be, so that a call is enough to see the end.
    for (let count = -1; count !== 0 && length < into.length; length += count) {
      count = fs.readSync(fd, scratch, length, into.length + 1 - length, null);
    }
  } finally {
    fs.closeSync(fd);
  }
  const content = scratch.subarray(0, length);
  if (length !== into.length || hash("sha256", content, "hex") !== sha256) throw new Error("other bytes");
  into.set(content);
}

function hashLayer({ shared, slots, slotSize }) {
  const head = (${Layer.slots} + slots * ${SLOT_WORDS}) * 4 + ${DIGEST_SIZE};
  const words = new Int32Array(shared, 0, ${Layer.slots} + slots * ${SLOT_WORDS});
  const diff = createHash("sha256");
  const say = (word, value) => {
    Atomics.store(words, word, value);
    Atomics.add(words, ${Layer.event}, 1);
    Atomics.notify(words, ${Layer.event});
  };
  for (let n = 0; ; n++) {
    for (let given; (given = Atomics.load(words, ${Layer.given})) <= n; ) Atomics.wait(words, ${Layer.given}, given, 1000);
    if (Atomics.load(words, ${Layer.over}) === 1) break;
    const start = head + (n % slots) * slotSize;
    const word = ${Layer.slots} + (n % slots) * ${SLOT_WORDS};
    if (words[word + 1] === 1) {
      try {
        const { message } = receiveMessageOnPort(parentPort);
        for (const [path, size, at, sha256] of message) readFile(path, Buffer.from(shared, start + at, size), sha256);
      } catch {
        say(${Layer.failed}, 1);
        while (Atomics.load(words, ${Layer.failed}) === 1) Atomics.wait(words, ${Layer.failed}, 1, 1000);
      }
    }
    say(${Layer.filled}, n + 1);
    diff.update(new Uint8Array(shared, start, words[word]));
    say(${Layer.hashed}, n + 1);
  }
  new Uint8Array(shared, head - ${DIGEST_SIZE}, ${DIGEST_SIZE}).set(diff.digest());
  say(${Layer.over}, 2);
}

for (;;) {
  const seen = Atomics.load(posted, 0);
  const received = receiveMessageOnPort(parentPort);
  if (received === undefined) {
    Atomics.wait(posted, 0, seen, 1000);
    continue;
  }
  const { message } = received;
  if (message.kind === "batch") hashBatch(message);
  else hashLayer(message);
}
`;
