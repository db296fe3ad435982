import { Worker } from "node:worker_threads";
import { type DiffHasher, type DiffHasherOptions, SLOTS } from "./diff-hasher.ts";
import { DIFF_THREAD, headSize, SLOT_WORDS, Word } from "./diff-thread.ts";
import type { FileRead } from "./read-block.ts";

/** With no more blocks than this to do, the thread has time for reading. */
const FEW = 3;

/** Hashes on a second thread, which also reads files when it has time. The two share the buffers (`diff-thread.ts`). */
export class ThreadHasher implements DiffHasher {
  readonly #slotSize: number;
  readonly #read: DiffHasherOptions["read"];
  readonly #words: Int32Array;
  readonly #digest: Buffer;
  readonly #buffers: readonly Buffer[];
  readonly #worker: Worker;
  /** What the thread was to read into each slot. */
  readonly #reads: (readonly FileRead[])[] = [];
  #given = 0;
  #large: Buffer | undefined;

  constructor({ slotSize, read }: DiffHasherOptions) {
    this.#slotSize = slotSize;
    this.#read = read;
    const head = headSize(SLOTS);
    const shared = new SharedArrayBuffer(head + SLOTS * slotSize);
    this.#words = new Int32Array(shared, 0, Word.slots + SLOTS * SLOT_WORDS);
    this.#digest = Buffer.from(shared, head - 32, 32);
    this.#buffers = Array.from({ length: SLOTS }, (_, i) => Buffer.from(shared, head + i * slotSize, slotSize));
    this.#worker = new Worker(DIFF_THREAD, { eval: true, workerData: { shared, slotSize, slots: SLOTS, head } });
    this.#worker.unref();
  }

  lend(size: number): Buffer {
    if (size > this.#slotSize) {
      this.#large = Buffer.allocUnsafeSlow(size);
      return this.#large;
    }
    this.#large = undefined;
    return this.#free();
  }

  hasTime(): boolean {
    return this.#large === undefined && this.#given - Atomics.load(this.#words, Word.hashed) <= FEW;
  }

  update(length: number, reads: readonly FileRead[]): number {
    if (this.#large === undefined) this.#give(length, reads);
    else this.#giveLarge(this.#large.subarray(0, length));
    return this.#given;
  }

  isFilled(ticket: number): boolean {
    return Atomics.load(this.#words, Word.filled) >= ticket;
  }

  waitFilled(ticket: number): void {
    this.#wait(Word.filled, ticket);
  }

  digest(): string {
    this.#wait(Word.hashed, this.#given);
    Atomics.store(this.#words, Word.over, 1);
    this.#give(0, []);
    this.#wait(Word.over, 2);
    return this.#digest.toString("hex");
  }

  close(): void {
    void this.#worker.terminate();
  }

  #give(length: number, reads: readonly FileRead[]): void {
    const slot = this.#given % SLOTS;
    const word = Word.slots + slot * SLOT_WORDS;
    this.#words[word] = length;
    this.#words[word + 1] = reads.length > 0 ? 1 : 0;
    this.#reads[slot] = reads;
    if (reads.length > 0) {
      this.#worker.postMessage(reads.map(({ content, at }) => [content.path, content.size, at, content.sha256]));
    }
    this.#given += 1;
    Atomics.store(this.#words, Word.given, this.#given);
    Atomics.notify(this.#words, Word.given);
  }

  /** A block too long for a slot goes through several, as copies: rare, so simple. */
  #giveLarge(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += this.#slotSize) {
      const piece = bytes.subarray(at, at + this.#slotSize);
      piece.copy(this.#free());
      this.#give(piece.length, []);
    }
  }

  /** The next slot in turn, once what was in it is hashed. */
  #free(): Buffer {
    this.#wait(Word.hashed, this.#given + 1 - SLOTS);
    return this.#buffers[this.#given % SLOTS] as Buffer;
  }

  #wait(word: number, atLeast: number): void {
    for (;;) {
      const event = Atomics.load(this.#words, Word.event);
      if (Atomics.load(this.#words, Word.failed) === 1) this.#fillAgain();
      if (Atomics.load(this.#words, word) >= atLeast) return;
      Atomics.wait(this.#words, Word.event, event, 1_000);
    }
  }

  /** Reads here what the thread could not read. */
  #fillAgain(): void {
    const slot = Atomics.load(this.#words, Word.filled) % SLOTS;
    for (const file of this.#reads[slot] ?? []) this.#read(file);
    Atomics.store(this.#words, Word.failed, 0);
    Atomics.notify(this.#words, Word.failed);
  }
}
