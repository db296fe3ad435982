import { Worker } from "node:worker_threads";
import { Seen, STAT_THREAD, type StatThreadData } from "./stat-thread.ts";

/** A source that will be swept: its name, where it is, and the packed records of its directories by path relative to it. */
interface AheadSource {
  readonly key: string;
  readonly root: string;
  readonly before: ReadonlyMap<string, Buffer>;
}

/** With fewer files the sweep is over before a second thread has begun. */
const WORTH_A_THREAD = 16_000;

/**
 * Looks at the files of sources that are about to be swept, on a second thread and from the other end. What it says was
 * seen in this run and holds as much as what the sweep sees itself. Nobody waits for it. Close it.
 */
export class StatAhead {
  readonly #seen: Uint8Array;
  /** Key of a source → relative path of a directory → its place in `seen`. */
  readonly #places = new Map<string, ReadonlyMap<string, number>>();
  readonly #worker: Worker;

  /** Begins to look; undefined when there are fewer than `least` files to look at, or no thread. */
  static begin(sources: readonly AheadSource[], least = WORTH_A_THREAD): StatAhead | undefined {
    let files = 0;
    for (const { before } of sources) for (const packed of before.values()) files += countOf(packed);
    if (files < least) return undefined;
    try {
      return new StatAhead(sources);
    } catch {
      // The system allows no more threads.
      return undefined;
    }
  }

  private constructor(sources: readonly AheadSource[]) {
    const paths: string[] = [];
    const all: Buffer[] = [];
    for (const { key, root, before } of sources) {
      const places = new Map<string, number>();
      for (const [relative, packed] of before) {
        places.set(relative, paths.length);
        paths.push(relative === "" ? root : `${root}/${relative}`);
        all.push(packed);
      }
      this.#places.set(key, places);
    }
    this.#seen = new Uint8Array(new SharedArrayBuffer(paths.length));
    const workerData: StatThreadData = { paths, ...share(all), seen: this.#seen };
    this.#worker = new Worker(STAT_THREAD, { eval: true, workerData });
    this.#worker.unref();
    // A thread that fails says nothing, and the sweep looks itself.
    this.#worker.on("error", () => undefined);
  }

  /** Whether every file and link in a directory is as its record says. If it is not known yet, the caller must look. */
  isUnchanged(key: string, relative: string): boolean {
    const place = this.#places.get(key)?.get(relative);
    if (place === undefined) return false;
    return Atomics.compareExchange(this.#seen, place, Seen.no, Seen.taken) === Seen.unchanged;
  }

  close(): void {
    for (let place = 0; place < this.#seen.length; place++) {
      Atomics.compareExchange(this.#seen, place, Seen.no, Seen.taken);
    }
    void this.#worker.terminate();
  }
}

function countOf(packed: Buffer): number {
  return packed.length < 8 ? 0 : packed.readUInt32LE(4);
}

function share(all: readonly Buffer[]): Pick<StatThreadData, "offsets" | "records"> {
  const offsets = new Float64Array(all.length);
  let size = 0;
  for (const [i, packed] of all.entries()) {
    offsets[i] = size;
    size += Math.ceil(packed.length / 8) * 8;
  }
  const records = new SharedArrayBuffer(size);
  const bytes = new Uint8Array(records);
  for (const [i, packed] of all.entries()) bytes.set(packed, offsets[i]);
  return { offsets, records };
}
