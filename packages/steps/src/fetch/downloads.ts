import { hash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Address, type Fetcher, fileMatches, type Progress } from "@imgbuild/fetch";
import type { LockTable } from "@imgbuild/store";

/** A file to download, known by what it must hash to. */
export interface WantedFile {
  readonly integrity: string;
  readonly size?: number | undefined;
  readonly maxBytes: number;
  /** Asked when its turn has come: whether somebody else, in another process say, made of it what is to be made. Then it is not fetched. */
  readonly isUsed?: (() => boolean) | undefined;
  /** Whence, asked when its turn has come. */
  readonly addresses: () => Promise<{ readonly urls: readonly Address[]; readonly fetcher: Fetcher }>;
}

/** Who waits for a download, and how it can be stopped. */
export interface DownloadWatch {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Downloads under way at once. */
const PARALLEL = 16;

interface Flight {
  readonly wanted: WantedFile;
  readonly signal: AbortSignal;
  readonly watchers: Set<NonNullable<DownloadWatch["onProgress"]>>;
  readonly done: Promise<string>;
  readonly settle: { resolve(path: string): void; reject(error: unknown): void };
}

/**
 * The downloads of one run, in a directory of the store where what came stays until it is used: a cancelled run loses nothing.
 * A file is fetched once, however many want it, in this process and in others.
 */
export class Downloads {
  readonly #directory: string;
  readonly #locks: LockTable;
  readonly #flights = new Map<string, Flight>();
  readonly #waiting: Flight[] = [];
  #running = 0;

  constructor({ directory, locks }: { readonly directory: string; readonly locks: LockTable }) {
    this.#directory = directory;
    this.#locks = locks;
  }

  /** Starts a download that will be wanted; what goes wrong is said to whoever comes for it. */
  start(wanted: WantedFile, signal: AbortSignal): void {
    this.#enter(wanted, signal).done.catch(() => undefined);
  }

  /** The path of the whole, verified file; of none when it `isUsed`. Whoever waits is served before those that were only started. */
  async get(wanted: WantedFile, { signal, onProgress }: DownloadWatch): Promise<string> {
    const flight = this.#enter(wanted, signal);
    const place = this.#waiting.indexOf(flight);
    if (place > 0) this.#waiting.unshift(...this.#waiting.splice(place, 1));
    if (onProgress !== undefined) flight.watchers.add(onProgress);
    try {
      return await flight.done;
    } finally {
      if (onProgress !== undefined) flight.watchers.delete(onProgress);
    }
  }

  /** Removes a file that is not needed any more. */
  drop({ integrity }: Pick<WantedFile, "integrity">): void {
    rmSync(this.#pathOf(integrity), { force: true });
    this.#flights.delete(integrity);
  }

  #enter(wanted: WantedFile, signal: AbortSignal): Flight {
    const known = this.#flights.get(wanted.integrity);
    if (known !== undefined) return known;
    const settle: Flight["settle"] = { resolve: () => undefined, reject: () => undefined };
    const done = new Promise<string>((resolve, reject) => Object.assign(settle, { resolve, reject }));
    // Every download listens to the run's signal: that many are no leak.
    setMaxListeners(0, signal);
    const flight: Flight = { wanted, signal, watchers: new Set(), done, settle };
    this.#flights.set(wanted.integrity, flight);
    this.#waiting.push(flight);
    this.#next();
    return flight;
  }

  #next(): void {
    // Not at once: a step that comes for its own file in the same turn goes first.
    queueMicrotask(() => {
      while (this.#running < PARALLEL) {
        const flight = this.#waiting.shift();
        if (flight === undefined) return;
        this.#running++;
        this.#download(flight)
          .then(flight.settle.resolve, (error: unknown) => {
            this.#flights.delete(flight.wanted.integrity);
            flight.settle.reject(error);
          })
          .finally(() => {
            this.#running--;
            this.#next();
          });
      }
    });
  }

  async #download({ wanted, signal, watchers }: Flight): Promise<string> {
    signal.throwIfAborted();
    const { integrity, size, maxBytes } = wanted;
    const path = this.placeOf(integrity);
    const { urls, fetcher } = await wanted.addresses();
    const onProgress = (progress: Progress) => {
      for (const watcher of watchers) watcher(progress);
    };
    const request = { urls, integrity, size, maxBytes, signal, onProgress };
    await this.#locks.withLock(`download ${integrity}`, { signal, onWait: () => undefined }, async () => {
      // A run that was ended between the download and its use left it whole.
      if (wanted.isUsed?.() !== true && !fileMatches(path, integrity)) await fetcher.download(request, { path });
    });
    return path;
  }

  /** A path for a file that is known by another name than its hash. */
  placeOf(name: string): string {
    const path = this.#pathOf(name);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }

  #pathOf(integrity: string): string {
    const name = hash("sha256", integrity, "hex");
    return join(this.#directory, name.slice(0, 2), name.slice(2));
  }
}
