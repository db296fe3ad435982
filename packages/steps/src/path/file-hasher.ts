import { ImgbuildError } from "@imgbuild/errors";
import { HashBatch, type WorkThread, type WorkThreads } from "@imgbuild/image";
import { Flag } from "./packed-directory.ts";
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

/**
 * Batches that may wait; with more this thread hashes too, so that what is kept of each file is bounded. They
 * keep the other thread busy while this one settles the directories that are hashed, after the scan.
 */
const WAITING = 40;

interface Batch {
  readonly files: readonly PendingFile[];
  readonly batch: HashBatch;
}

/**
 * Hashes files while they are found: as soon as there are many, a second thread begins with the first of them, and
 * `await` shares out what is left. Reading throws `input-changed` or what the system said. The owner calls `close`.
 */
export class FileHasher {
  readonly #threads: WorkThreads;
  readonly #batches: Batch[] = [];
  #files: PendingFile[] = [];
  #bytes = 0;
  readonly #seen = { files: 0, bytes: 0 };
  #thread: WorkThread | undefined;

  constructor(threads: WorkThreads) {
    this.#threads = threads;
  }

  /** Hashes a file now or later; its slot has the digest after `await` of its slots. */
  add(file: PendingFile): void {
    const size = sizeOf(file);
    // A large file is a batch of its own: both threads can be at one.
    if (this.#bytes + size > BATCH.bytes) this.#cut();
    this.#files.push(file);
    this.#bytes += size;
    if (this.#files.length >= BATCH.files) this.#cut();
  }

  /**
   * Hashes at least until these slots have their digests. The other thread takes the first batches, this one the last, and
   * only while its caller cannot go on: so slots are best asked for in the order of adding.
   */
  await(slots: { readonly flags: Uint8Array; readonly digests: readonly string[] }): void {
    for (let i = 0; i < slots.digests.length; i++) while (isPending(slots, i)) this.#advance();
  }

  #advance(): void {
    if (this.#files.length > 0) this.#cut();
    else if (this.#batches[0]?.batch.isDone() === true) this.#collect(this.#batches.shift() as Batch);
    else this.#completeLast();
  }

  close(): void {
    if (this.#thread === undefined) return;
    // What is left after an error is nobody's.
    for (const { batch } of this.#batches) batch.take();
    this.#threads.giveBack(this.#thread);
  }

  #cut(): void {
    if (this.#files.length === 0) return;
    const cut = { files: this.#files, batch: new HashBatch(this.#files.map(statOf)) };
    this.#batches.push(cut);
    this.#seen.files += this.#files.length;
    this.#seen.bytes += this.#bytes;
    [this.#files, this.#bytes] = [[], 0];
    if (this.#thread !== undefined) post(cut, this.#thread);
    else if (this.#seen.files >= WORTH_A_THREAD.files || this.#seen.bytes >= WORTH_A_THREAD.bytes) this.#start();
    while (this.#batches[0]?.batch.isDone() === true) this.#collect(this.#batches.shift() as Batch);
    if (this.#batches.length > WAITING) this.#completeLast();
  }

  #start(): void {
    const thread = this.#threads.take();
    this.#thread = thread;
    if (thread !== undefined) for (const batch of this.#batches) post(batch, thread);
  }

  /** Hashes the last batch if the thread did not take it, or waits until the thread is done with it. */
  #completeLast(): void {
    const cut = this.#batches.pop();
    if (cut === undefined)
      throw new ImgbuildError("internal", "Internal error: a file that nobody hashes is waited for");
    const { files, batch } = cut;
    if (batch.take()) for (const file of files) this.#hash(file);
    else {
      batch.wait();
      this.#collect(cut);
    }
  }

  /** Takes over what the other thread did; a file that it could not read is tried again here, for the error. */
  #collect({ files, batch }: Batch): void {
    for (let i = 0; i < files.length; i++) {
      const file = files[i] as PendingFile;
      const sha256 = batch.sha256(i);
      if (sha256 === undefined) this.#hash(file);
      else file.slots.digests[file.i] = sha256;
    }
  }

  #hash(file: PendingFile): void {
    file.slots.digests[file.i] = hashFile(file.path, statOf(file));
  }
}

function post({ files, batch }: Batch, thread: WorkThread): void {
  batch.postTo(
    thread,
    files.map((file) => file.path),
  );
}

/** Whether a slot is of a file that was added and not yet hashed: all else that is wanted has a digest. */
function isPending(
  { flags, digests }: { readonly flags: Uint8Array; readonly digests: readonly string[] },
  i: number,
): boolean {
  return digests[i] === "" && ((flags[i] as number) & ~Flag.racy) === 0;
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
