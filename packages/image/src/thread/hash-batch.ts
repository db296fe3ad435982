import { BATCH_HEAD, BATCH_STATS, BatchState, FileResult } from "./protocol.ts";
import type { WorkThread } from "./work-threads.ts";

/** The numbers of a stat that change when a file does. */
interface FileStat {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
  readonly mode: number;
}

/**
 * Files for another thread to hash, unless this one takes them back first. The thread reads a file, checks that its stat is
 * still the one given here, and hashes it.
 */
export class HashBatch {
  readonly #memory: SharedArrayBuffer;
  readonly #state: Int32Array;
  readonly #digests: Buffer;
  readonly #results: Uint8Array;

  constructor(stats: readonly FileStat[]) {
    const count = stats.length;
    const after = BATCH_HEAD + count * BATCH_STATS * 8;
    this.#memory = new SharedArrayBuffer(after + count * (32 + 1));
    this.#state = new Int32Array(this.#memory, 0, 1);
    this.#digests = Buffer.from(this.#memory, after, count * 32);
    this.#results = new Uint8Array(this.#memory, after + count * 32, count);
    const numbers = new Float64Array(this.#memory, BATCH_HEAD, count * BATCH_STATS);
    stats.forEach(({ size, mtimeMs, ctimeMs, ino, mode }, i) => {
      numbers.set([size, mtimeMs, ctimeMs, ino, mode], i * BATCH_STATS);
    });
  }

  /** Hands it to a thread; `paths` are of the same files, in the same order. */
  postTo(thread: WorkThread, paths: readonly string[]): void {
    thread.post({ kind: "batch", paths, memory: this.#memory });
  }

  /** Whether it is this thread's now, and never another's. */
  take(): boolean {
    return Atomics.compareExchange(this.#state, 0, BatchState.free, BatchState.taken) === BatchState.free;
  }

  isDone(): boolean {
    return Atomics.load(this.#state, 0) === BatchState.done;
  }

  /** Blocks until the thread that took it is done. */
  wait(): void {
    while (!this.isDone()) Atomics.wait(this.#state, 0, BatchState.taken, 1_000);
  }

  /** The digest (64 hex digits) of file `i` once the batch is done; undefined when it could not be read as it was. */
  sha256(i: number): string | undefined {
    if (this.#results[i] !== FileResult.hashed) return undefined;
    return this.#digests.toString("hex", i * 32, i * 32 + 32);
  }
}
