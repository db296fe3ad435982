import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";

/** Hashes the tar of a layer while it is read. Blocks are written into buffers that the hasher lends. */
export interface DiffHasher {
  /**
   * A buffer of at least `size` bytes to fill. May block for a moment until one is hashed. It is lent again after
   * {@link LENT_AT_ONCE} more, so whoever else reads it must be done by then; one larger than a slot is not lent again, and
   * nothing may be read from earlier ones any more.
   */
  lend(size: number): Buffer;
  /** Hashes the first `length` bytes of the buffer lent last. */
  update(length: number): void;
  /** 64 hex digits of sha256 over all updates. */
  digest(): string;
  /** Stops it; safe after `digest`. */
  close(): void;
}

/** Buffers in all: enough for one being filled, some being compressed and one being hashed. */
const SLOTS = 8;
/** Layers below this many bytes are hashed on this thread: starting another one costs more. */
const WORTH_A_THREAD = 16 << 20;

/** A hasher for a layer of about `size` bytes whose blocks have at most `slotSize` bytes, or rarely more. */
export function diffHasher(size: number, slotSize: number): DiffHasher {
  return size < WORTH_A_THREAD ? new InlineHasher(slotSize) : new ThreadHasher(slotSize);
}

class InlineHasher implements DiffHasher {
  readonly #slotSize: number;
  readonly #hash = createHash("sha256");
  readonly #buffers: Buffer[] = [];
  #next = 0;
  #last: Buffer = Buffer.alloc(0);

  constructor(slotSize: number) {
    this.#slotSize = slotSize;
  }

  lend(size: number): Buffer {
    if (size > this.#slotSize) {
      this.#last = Buffer.allocUnsafeSlow(size);
      return this.#last;
    }
    const slot = this.#next;
    this.#next = (slot + 1) % SLOTS;
    this.#last = this.#buffers[slot] ?? Buffer.allocUnsafeSlow(this.#slotSize);
    this.#buffers[slot] = this.#last;
    return this.#last;
  }

  update(length: number): void {
    this.#hash.update(this.#last.subarray(0, length));
  }

  digest(): string {
    return this.#hash.digest("hex");
  }

  close(): void {
    this.#buffers.length = 0;
  }
}

/**
 * The state word of a slot in shared memory. The reader of the layer fills free slots in turn; the thread hashes full ones
 * in turn:
 *
 *     FREE → (filled, update) → FULL → (hashed) → FREE        END in the next slot: write the digest, DONE
 */
const FREE = 0;
const FULL = 1;
const END = 2;
const DONE = 3;

const THREAD = `
const { workerData: { shared, slotSize, slots } } = require("node:worker_threads");
const hash = require("node:crypto").createHash("sha256");
const words = new Int32Array(shared, 0, slots * 2 + 8);
const data = slots * 8 + 32;
for (let i = 0; ; i = (i + 1) % slots) {
  while (Atomics.load(words, i) !== ${FULL} && Atomics.load(words, i) !== ${END}) Atomics.wait(words, i, Atomics.load(words, i), 1000);
  if (Atomics.load(words, i) === ${END}) {
    new Uint8Array(shared, slots * 8, 32).set(hash.digest());
    Atomics.store(words, i, ${DONE});
    Atomics.notify(words, i);
    break;
  }
  hash.update(new Uint8Array(shared, data + i * slotSize, words[slots + i]));
  Atomics.store(words, i, ${FREE});
  Atomics.notify(words, i);
}
`;

class ThreadHasher implements DiffHasher {
  readonly #slotSize: number;
  readonly #shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #worker: Worker;
  readonly #buffers: readonly Buffer[];
  #next = 0;
  #large: Buffer | undefined;

  constructor(slotSize: number) {
    this.#slotSize = slotSize;
    const data = SLOTS * 8 + 32;
    this.#shared = new SharedArrayBuffer(data + SLOTS * slotSize);
    this.#words = new Int32Array(this.#shared, 0, SLOTS * 2 + 8);
    this.#buffers = Array.from({ length: SLOTS }, (_, i) => Buffer.from(this.#shared, data + i * slotSize, slotSize));
    this.#worker = new Worker(THREAD, { eval: true, workerData: { shared: this.#shared, slotSize, slots: SLOTS } });
    this.#worker.unref();
  }

  lend(size: number): Buffer {
    if (size > this.#slotSize) {
      this.#large = Buffer.allocUnsafeSlow(size);
      return this.#large;
    }
    this.#large = undefined;
    return this.#buffers[this.#free()] as Buffer;
  }

  update(length: number): void {
    if (this.#large === undefined) this.#publish(length);
    else this.#publishLarge(this.#large.subarray(0, length));
  }

  digest(): string {
    const slot = this.#free();
    Atomics.store(this.#words, slot, END);
    Atomics.notify(this.#words, slot);
    this.#wait(slot, END);
    return Buffer.from(this.#shared, SLOTS * 8, 32).toString("hex");
  }

  close(): void {
    void this.#worker.terminate();
  }

  #publish(length: number): void {
    const slot = this.#next;
    this.#words[SLOTS + slot] = length;
    Atomics.store(this.#words, slot, FULL);
    Atomics.notify(this.#words, slot);
    this.#next = (slot + 1) % SLOTS;
  }

  /** A block too long for a slot goes through several, as copies: rare, so simple. */
  #publishLarge(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += this.#slotSize) {
      const slot = this.#free();
      const piece = bytes.subarray(at, at + this.#slotSize);
      piece.copy(this.#buffers[slot] as Buffer);
      this.#publish(piece.length);
    }
  }

  /** The next slot in turn, once it is hashed. */
  #free(): number {
    const slot = this.#next;
    this.#wait(slot, FULL);
    return slot;
  }

  #wait(slot: number, state: number): void {
    while (Atomics.load(this.#words, slot) === state) Atomics.wait(this.#words, slot, state, 1000);
  }
}

/** A buffer may be read until this many others have been lent after it. */
export const LENT_AT_ONCE = SLOTS - 1;
