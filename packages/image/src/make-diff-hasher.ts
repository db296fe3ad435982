import { createHash } from "node:crypto";
import { type DiffHasher, type DiffHasherOptions, SLOTS } from "./diff-hasher.ts";
import { ThreadHasher } from "./thread/thread-hasher.ts";
import { WORTH_A_THREAD } from "./thread/work-threads.ts";

/** A hasher for a layer of about `size` bytes. */
export function makeDiffHasher(size: number, options: DiffHasherOptions): DiffHasher {
  const thread = size < WORTH_A_THREAD ? undefined : options.threads.take();
  return thread === undefined ? new InlineHasher(options.slotSize) : new ThreadHasher(thread, options);
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

  hasTime(): boolean {
    return false;
  }

  update(length: number): number {
    this.#hash.update(this.#last.subarray(0, length));
    return 0;
  }

  isFilled(): boolean {
    return true;
  }

  waitFilled(): void {
    // There is no other thread that reads.
  }

  digest(): string {
    return this.#hash.digest("hex");
  }

  close(): void {
    this.#buffers.length = 0;
  }
}
