import { type DiffHasher, type DiffHasherOptions, SLOTS } from "../diff-hasher.ts";
import type { FileRead } from "../read-block.ts";
import { DIGEST_SIZE, LayerWord, layerHead, SLOT_WORDS } from "./protocol.ts";
import type { WorkThread } from "./work-threads.ts";

/** With no more blocks than this to do, the thread has time for reading. */
const FEW = 3;

/** Hashes on a second thread, which also reads files when it has time. The two share the buffers (`protocol.ts`). */
export class ThreadHasher implements DiffHasher {
  readonly #slotSize: number;
  readonly #read: DiffHasherOptions["read"];
  readonly #words: Int32Array;
  readonly #digest: Buffer;
  readonly #buffers: readonly Buffer[];
  readonly #thread: WorkThread;
  readonly #threads: DiffHasherOptions["threads"];
  /** What the thread was to read into each slot. */
  readonly #reads: (readonly FileRead[])[] = [];
  #given = 0;
  #large: Buffer | undefined;

  constructor(thread: WorkThread, { slotSize, read, threads }: DiffHasherOptions) {
    this.#slotSize = slotSize;
    this.#read = read;
    const head = layerHead(SLOTS);
    const shared = new SharedArrayBuffer(head + SLOTS * slotSize);
    this.#words = new Int32Array(shared, 0, LayerWord.slots + SLOTS * SLOT_WORDS);
    this.#digest = Buffer.from(shared, head - DIGEST_SIZE, DIGEST_SIZE);
    this.#buffers = Array.from({ length: SLOTS }, (_, i) => Buffer.from(shared, head + i * slotSize, slotSize));
    this.#threads = threads;
    this.#thread = thread;
    thread.post({ kind: "layer", shared, slots: SLOTS, slotSize });
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
    return this.#large === undefined && this.#given - Atomics.load(this.#words, LayerWord.hashed) <= FEW;
  }

  update(length: number, reads: readonly FileRead[]): number {
    if (this.#large === undefined) this.#give(length, reads);
    else this.#giveLarge(this.#large.subarray(0, length));
    return this.#given;
  }

  isFilled(ticket: number): boolean {
    return Atomics.load(this.#words, LayerWord.filled) >= ticket;
  }

  waitFilled(ticket: number): void {
    this.#wait(LayerWord.filled, ticket);
  }

  digest(): string {
    this.#wait(LayerWord.hashed, this.#given);
    Atomics.store(this.#words, LayerWord.over, 1);
    this.#give(0, []);
    this.#wait(LayerWord.over, 2);
    return this.#digest.toString("hex");
  }

  close(): void {
    if (Atomics.load(this.#words, LayerWord.over) === 2) this.#threads.giveBack(this.#thread);
    else this.#thread.end();
  }

  #give(length: number, reads: readonly FileRead[]): void {
    const slot = this.#given % SLOTS;
    const word = LayerWord.slots + slot * SLOT_WORDS;
    this.#words[word] = length;
    this.#words[word + 1] = reads.length > 0 ? 1 : 0;
    this.#reads[slot] = reads;
    if (reads.length > 0) {
      this.#thread.post(reads.map(({ content, at }) => [content.path, content.size, at, content.sha256]));
    }
    this.#given += 1;
    Atomics.store(this.#words, LayerWord.given, this.#given);
    Atomics.notify(this.#words, LayerWord.given);
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
    this.#wait(LayerWord.hashed, this.#given + 1 - SLOTS);
    return this.#buffers[this.#given % SLOTS] as Buffer;
  }

  #wait(word: number, atLeast: number): void {
    for (;;) {
      const event = Atomics.load(this.#words, LayerWord.event);
      if (Atomics.load(this.#words, LayerWord.failed) === 1) this.#fillAgain();
      if (Atomics.load(this.#words, word) >= atLeast) return;
      Atomics.wait(this.#words, LayerWord.event, event, 1_000);
    }
  }

  /** Reads here what the thread could not read. */
  #fillAgain(): void {
    const slot = Atomics.load(this.#words, LayerWord.filled) % SLOTS;
    for (const file of this.#reads[slot] ?? []) this.#read(file);
    Atomics.store(this.#words, LayerWord.failed, 0);
    Atomics.notify(this.#words, LayerWord.failed);
  }
}
