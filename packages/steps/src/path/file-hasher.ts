import { Worker } from "node:worker_threads";
import type { ContentCache } from "./content-cache.ts";
import { BATCH_FIELDS, BATCH_HEAD, BatchState, Control, FileResult, HASH_THREAD } from "./hash-thread.ts";
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

/** Below this a second thread costs more than it gives. */
const WORTH_A_THREAD = { files: 1_500, bytes: 48 << 20 };

/** A batch is what a thread takes at a time: this many files or bytes, whichever comes first. */
const BATCH = { files: 128, bytes: 4 << 20 };

/** Batches that may wait; with more this thread hashes too, so that what is kept of each file is bounded. */
const WAITING = 64;

/**
 * Hashes files while they are found: as soon as there are many, a second thread begins with the first of them, and
 * `finish` shares out what is left. Reading throws `input-changed` or what the system said. The owner calls `close`.
 */
export class FileHasher {
  readonly #contents: ContentCache;
  readonly #batches: Batch[] = [];
  #files: PendingFile[] = [];
  #bytes = 0;
  #waiting = { files: 0, bytes: 0 };
  #thread: HashThread | undefined;

  constructor(contents: ContentCache) {
    this.#contents = contents;
  }

  /** Hashes a file now or later; its slot has the digest after `finish`. */
  add(file: PendingFile): void {
    const size = sizeOf(file);
    // A large file is a batch of its own: both threads can be at one.
    if (this.#bytes + size > BATCH.bytes) this.#cut();
    this.#files.push(file);
    this.#bytes += size;
    if (this.#files.length >= BATCH.files) this.#cut();
  }

  /** Hashes all that is left, on both threads where a second one is at work. */
  finish(): void {
    this.#cut();
    for (let batch = this.#batches.pop(); batch !== undefined; batch = this.#batches.pop()) this.#complete(batch);
  }

  close(): void {
    this.#thread?.close();
  }

  #cut(): void {
    if (this.#files.length === 0) return;
    const batch = new Batch(this.#files);
    this.#batches.push(batch);
    this.#waiting.files += this.#files.length;
    this.#waiting.bytes += this.#bytes;
    [this.#files, this.#bytes] = [[], 0];
    if (this.#thread !== undefined) this.#thread.post(batch);
    else if (this.#waiting.files >= WORTH_A_THREAD.files || this.#waiting.bytes >= WORTH_A_THREAD.bytes) this.#start();
    while (this.#batches[0]?.isDone() === true) this.#collect(this.#batches.shift() as Batch);
    if (this.#batches.length > WAITING) this.#complete(this.#batches.pop() as Batch);
  }

  #start(): void {
    this.#thread = new HashThread(this.#contents.lendHalf());
    for (const batch of this.#batches) this.#thread.post(batch);
  }

  /** Hashes a batch that the thread did not take, or waits until the thread is done with it. */
  #complete(batch: Batch): void {
    if (batch.take()) for (const file of batch.files) this.#hash(file);
    else {
      batch.wait();
      this.#collect(batch);
    }
  }

  /** Takes over what the other thread did; a file that it could not read is tried again here, for the error. */
  #collect(batch: Batch): void {
    for (let i = 0; i < batch.files.length; i++) {
      const file = batch.files[i] as PendingFile;
      if (batch.results[i] !== FileResult.hashed) {
        this.#hash(file);
        continue;
      }
      const sha256 = batch.digests.toString("hex", i * 32, i * 32 + 32);
      const offset = (batch.offsets[i] as number) - 1;
      if (offset >= 0 && this.#thread !== undefined) {
        this.#contents.adopt(sha256, this.#thread.room.subarray(offset, offset + sizeOf(file)));
      }
      file.slots.digests[file.i] = sha256;
    }
  }

  #hash(file: PendingFile): void {
    file.slots.digests[file.i] = hashFile(file.path, statOf(file), this.#contents);
  }
}

/** Files in memory that both threads see (layout: `hash-thread.ts`). */
class Batch {
  readonly files: readonly PendingFile[];
  readonly memory: SharedArrayBuffer;
  readonly offsets: Float64Array;
  readonly digests: Buffer;
  readonly results: Uint8Array;
  readonly #state: Int32Array;

  constructor(files: readonly PendingFile[]) {
    const count = files.length;
    const statBytes = count * BATCH_FIELDS * 8;
    this.files = files;
    this.memory = new SharedArrayBuffer(BATCH_HEAD + statBytes + count * (8 + 32 + 1));
    this.#state = new Int32Array(this.memory, 0, 1);
    const stats = new Float64Array(this.memory, BATCH_HEAD, count * BATCH_FIELDS);
    this.offsets = new Float64Array(this.memory, BATCH_HEAD + statBytes, count);
    this.digests = Buffer.from(this.memory, BATCH_HEAD + statBytes + count * 8, count * 32);
    this.results = new Uint8Array(this.memory, BATCH_HEAD + statBytes + count * 40, count);
    files.forEach(({ slots, i }, at) => {
      stats[at * BATCH_FIELDS] = slots.size[i] as number;
      stats[at * BATCH_FIELDS + 1] = slots.mtimeMs[i] as number;
      stats[at * BATCH_FIELDS + 2] = slots.ctimeMs[i] as number;
      stats[at * BATCH_FIELDS + 3] = slots.inode[i] as number;
      stats[at * BATCH_FIELDS + 4] = slots.mode[i] as number;
    });
  }

  /** Whether this thread has it now, and no other ever. */
  take(): boolean {
    return Atomics.compareExchange(this.#state, 0, BatchState.free, BatchState.taken) === BatchState.free;
  }

  isDone(): boolean {
    return Atomics.load(this.#state, 0) === BatchState.done;
  }

  wait(): void {
    while (!this.isDone()) Atomics.wait(this.#state, 0, BatchState.taken, 1_000);
  }
}

class HashThread {
  /** Contents that the thread keeps. */
  readonly room: Buffer;
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;

  constructor(room: Buffer) {
    this.room = room;
    const workerData = { control: this.#control, room };
    this.#worker = new Worker(HASH_THREAD, { eval: true, workerData });
    this.#worker.unref();
  }

  post({ files, memory }: Batch): void {
    this.#worker.postMessage({ paths: files.map((file) => file.path), memory });
    this.#wake();
  }

  /** It stops by itself, also when it has not begun. */
  close(): void {
    Atomics.store(this.#control, Control.over, 1);
    this.#wake();
    void this.#worker.terminate();
  }

  #wake(): void {
    Atomics.add(this.#control, Control.posted, 1);
    Atomics.notify(this.#control, Control.posted);
  }
}

function sizeOf({ slots, i }: PendingFile): number {
  return slots.size[i] as number;
}

/** The stat that a slot holds. */
function statOf({ slots, i }: PendingFile): StatTuple {
  return {
    size: slots.size[i] as number,
    mtimeMs: slots.mtimeMs[i] as number,
    ctimeMs: slots.ctimeMs[i] as number,
    ino: slots.inode[i] as number,
    mode: slots.mode[i] as number,
  };
}
