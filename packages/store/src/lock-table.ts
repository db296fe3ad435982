import { setTimeout as sleep } from "node:timers/promises";
import { ImgbuildError } from "@imgbuild/errors";
import type { IndexDb } from "./index-db.ts";
import { KeyQueue } from "./key-queue.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import type { LockTable } from "./tables.ts";

const FIRST_POLL_MS = 5;
const LAST_POLL_MS = 100;
const BEAT_MS = 10_000;
/** A holder elsewhere that has not been heard of for so long is dead, or stuck. */
const SILENCE_MS = 60_000;

interface LockRow {
  readonly host: string;
  readonly machine: string;
  readonly pid: number;
  readonly start: string;
  readonly since: number;
  readonly beat: number;
}

/** What the lock table must know of the world. */
export interface LockTableOptions {
  readonly index: IndexDb;
  /** Unique to this opening of the store. */
  readonly owner: string;
  /** This process. */
  self(): ProcessIdentity;
  now(): number;
  processAlive(pid: number, start: string): boolean;
}

/**
 * Locks as rows of the index: taken and given back in write transactions, so there is no file whose removal could hit
 * the next holder. They save work; nothing goes wrong if two processes come to hold one.
 */
export class IndexLockTable implements LockTable {
  readonly #options: LockTableOptions;
  readonly #queue = new KeyQueue();
  #held = 0;
  #closed = false;
  #beat: NodeJS.Timeout | undefined;

  constructor(options: LockTableOptions) {
    this.#options = options;
  }

  async withLock<T>(
    key: string,
    options: { signal: AbortSignal; onWait(holder: string): void },
    body: () => Promise<T>,
  ): Promise<T> {
    let told = false;
    const tell = (holder: string) => {
      if (!told) options.onWait(holder);
      told = true;
    };
    const { pid, host } = this.#options.self();
    const leave = await this.#queue.enter(key, options.signal, () => tell(`pid ${pid} on ${host}, this process`));
    try {
      await this.#take(key, options.signal, tell);
      try {
        return await body();
      } finally {
        this.#giveBack(key);
      }
    } finally {
      leave();
    }
  }

  /** Gives back whatever is still held. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#beat);
    if (this.#held > 0) this.#options.index.run("DELETE FROM locks WHERE owner = ?", this.#options.owner);
  }

  async #take(key: string, signal: AbortSignal, tell: (holder: string) => void): Promise<void> {
    for (let poll = FIRST_POLL_MS; ; poll = Math.min(poll * 2, LAST_POLL_MS)) {
      if (signal.aborted) throw cancelled(key);
      const holder = this.#tryTake(key);
      if (holder === undefined) break;
      tell(`pid ${holder.pid} on ${holder.host}, since ${new Date(holder.since).toISOString()}`);
      await sleep(poll, undefined, { signal }).catch(() => undefined);
    }
    this.#held++;
    this.#beat ??= setInterval(() => this.#sendBeat(), BEAT_MS).unref();
  }

  #tryTake(key: string): LockRow | undefined {
    const { index, owner, now } = this.#options;
    const select = "SELECT host, machine, pid, start, since, beat FROM locks WHERE key = ?";
    // A look without a transaction first: those who wait do not hinder those who write.
    const seen = index.get<LockRow>(select, key);
    if (seen !== undefined && this.#lives(seen)) return seen;
    return index.transaction(() => {
      const holder = index.get<LockRow>(select, key);
      if (holder !== undefined && this.#lives(holder)) return holder;
      const { pid, start, host, machine } = this.#options.self();
      const time = now();
      index.run(
        `INSERT OR REPLACE INTO locks (key, owner, host, machine, pid, start, since, beat)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[key, owner, host, machine, pid, start, time, time],
      );
      return undefined;
    });
  }

  #lives(row: LockRow): boolean {
    if (row.machine === this.#options.self().machine) return this.#options.processAlive(row.pid, row.start);
    return this.#options.now() - row.beat < SILENCE_MS;
  }

  #giveBack(key: string): void {
    if (this.#closed) return;
    this.#held--;
    this.#options.index.run("DELETE FROM locks WHERE key = ? AND owner = ?", key, this.#options.owner);
    if (this.#held > 0) return;
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  #sendBeat(): void {
    try {
      this.#options.index.run("UPDATE locks SET beat = ? WHERE owner = ?", this.#options.now(), this.#options.owner);
    } catch {
      // A beat that is missed costs at most the lock; whoever uses the index next will be told what is wrong.
    }
  }
}

function cancelled(key: string): ImgbuildError {
  return new ImgbuildError("cancelled", `Cancelled while waiting for the lock "${key}"`);
}
