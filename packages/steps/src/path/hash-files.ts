import { Worker } from "node:worker_threads";
import type { ContentCache } from "./content-cache.ts";
import { HASH_THREAD, Slot, STAT_FIELDS, TASKS_AT_ONCE } from "./hash-thread.ts";
import { hashFile, type StatTuple } from "./read-source.ts";

/** Where the stats of a file are, and where its digest goes: a slot of a record. Nothing is allocated for a file but this. */
export interface PendingFile {
  readonly path: string;
  readonly slots: StatSlots;
  readonly i: number;
}

/** Stats of files by slot, and their digests as 64 hex digits. */
interface StatSlots {
  readonly mtimeMs: Float64Array;
  readonly ctimeMs: Float64Array;
  readonly size: Float64Array;
  readonly inode: Float64Array;
  readonly mode: Uint32Array;
  readonly digests: string[];
}

function sizeOf({ slots, i }: PendingFile): number {
  return slots.size[i] as number;
}

/** The stat that a slot holds. */
function statOf({ slots, i }: PendingFile): StatTuple {
  const [size, mtimeMs, ctimeMs, ino] = [slots.size, slots.mtimeMs, slots.ctimeMs, slots.inode].map(
    (list) => list[i] as number,
  );
  return { size, mtimeMs, ctimeMs, ino, mode: slots.mode[i] } as StatTuple;
}

function hashHere(file: PendingFile, contents: ContentCache): void {
  file.slots.digests[file.i] = hashFile(file.path, statOf(file), contents);
}

/** Below this a second thread costs more than it gives. */
const WORTH_A_THREAD = { files: 1_500, bytes: 48 << 20 };

/**
 * Hashes files, on two threads when there are many: both take tasks from one counter in shared memory, the large files
 * first, and this thread blocks for the other's last one. Throws what the first unreadable file throws.
 */
export function hashFiles(files: readonly PendingFile[], contents: ContentCache): void {
  const bytes = files.reduce((sum, file) => sum + sizeOf(file), 0);
  if (files.length < WORTH_A_THREAD.files && bytes < WORTH_A_THREAD.bytes) {
    for (const file of files) hashHere(file, contents);
    return;
  }
  const large = (file: PendingFile) => sizeOf(file) >= LARGE;
  new TwoThreads([...files.filter(large), ...files.filter((file) => !large(file))], contents).run();
}

const LARGE = 1 << 20;

class TwoThreads {
  readonly #files: readonly PendingFile[];
  readonly #contents: ContentCache;
  readonly #control: Int32Array;
  readonly #states: Uint8Array;
  readonly #digests: Buffer;
  readonly #offsets: Float64Array;
  readonly #room: Buffer;

  constructor(files: readonly PendingFile[], contents: ContentCache) {
    this.#files = files;
    this.#contents = contents;
    this.#control = new Int32Array(new SharedArrayBuffer(16));
    this.#states = new Uint8Array(new SharedArrayBuffer(files.length));
    this.#digests = Buffer.from(new SharedArrayBuffer(files.length * 32));
    this.#offsets = new Float64Array(new SharedArrayBuffer(files.length * 8));
    this.#room = contents.lendHalf();
  }

  run(): void {
    const paths = this.#files.map((file) => file.path);
    const stats = new Float64Array(paths.length * STAT_FIELDS);
    this.#files.forEach(({ slots, i }, at) => {
      stats.set(
        [slots.size, slots.mtimeMs, slots.ctimeMs, slots.inode, slots.mode].map((list) => list[i] as number),
        at * STAT_FIELDS,
      );
    });
    const shared = {
      stats,
      control: this.#control,
      states: this.#states,
      digests: this.#digests,
      offsets: this.#offsets,
      room: this.#room,
    };
    const worker = new Worker(HASH_THREAD, { eval: true, workerData: { paths, ...shared } });
    worker.unref();
    try {
      this.#work();
      while (Atomics.load(this.#control, Slot.running) !== 0) Atomics.wait(this.#control, Slot.running, 1, 1_000);
    } finally {
      // Nothing is left to take: the thread stops by itself, also one that has not begun.
      Atomics.store(this.#control, Slot.next, this.#files.length);
      void worker.terminate();
    }
    this.#collect();
  }

  #work(): void {
    for (;;) {
      const begin = Atomics.add(this.#control, Slot.next, TASKS_AT_ONCE);
      const end = Math.min(begin + TASKS_AT_ONCE, this.#files.length);
      if (begin >= end) return;
      for (let i = begin; i < end; i++) hashHere(this.#files[i] as PendingFile, this.#contents);
    }
  }

  /** Takes over what the other thread did; a file that it could not read is tried again here, for the error. */
  #collect(): void {
    for (let i = 0; i < this.#files.length; i++) {
      const state = this.#states[i];
      if (state === 0) continue;
      const file = this.#files[i] as PendingFile;
      if (state === 1) {
        const sha256 = this.#digests.toString("hex", i * 32, i * 32 + 32);
        const offset = (this.#offsets[i] as number) - 1;
        if (offset >= 0) this.#contents.adopt(sha256, this.#room.subarray(offset, offset + sizeOf(file)));
        file.slots.digests[file.i] = sha256;
      } else hashHere(file, this.#contents);
    }
  }
}
