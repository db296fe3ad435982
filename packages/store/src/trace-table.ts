import type { IndexDb } from "./index-db.ts";
import { rowSum } from "./row-sum.ts";
import type { TraceRow, TraceTable } from "./tables.ts";

const HOUR_MS = 3_600_000;

interface StoredTrace {
  readonly output: string;
  readonly duration: number;
  readonly blobs: string;
  readonly used: number;
  readonly sum: string;
}

/** Traces in the index. When a trace was last used is kept to the hour, and written by `flush` alone. */
export class IndexTraceTable implements TraceTable {
  readonly #index: IndexDb;
  readonly #now: () => number;
  readonly #used = new Set<string>();

  constructor(index: IndexDb, now: () => number) {
    this.#index = index;
    this.#now = now;
  }

  find(key: string): TraceRow | undefined {
    const row = this.#index.get<StoredTrace>(
      "SELECT output, duration, blobs, used, sum FROM traces WHERE key = ?",
      key,
    );
    if (row === undefined) return undefined;
    if (row.sum !== sumOf(key, row)) {
      this.forget(key);
      return undefined;
    }
    if (row.used < this.#now() - HOUR_MS) this.#used.add(key);
    return { output: row.output, durationMs: row.duration, blobs: row.blobs === "" ? [] : row.blobs.split("\n") };
  }

  record(key: string, row: TraceRow, options: { readonly replace?: boolean } = {}): void {
    const stored = { output: row.output, duration: row.durationMs, blobs: row.blobs.join("\n") };
    const verb = options.replace === true ? "REPLACE" : "IGNORE";
    this.#index.run(
      `INSERT OR ${verb} INTO traces (key, output, duration, blobs, used, sum) VALUES (?, ?, ?, ?, ?, ?)`,
      key,
      stored.output,
      stored.duration,
      stored.blobs,
      this.#now(),
      sumOf(key, stored),
    );
  }

  forget(key: string): void {
    this.#index.run("DELETE FROM traces WHERE key = ?", key);
  }

  /** Writes which traces were used; nothing when none was used for the first time in an hour. */
  flush(): void {
    if (this.#used.size === 0) return;
    const now = this.#now();
    this.#index.transaction(() => {
      for (const key of this.#used) this.#index.run("UPDATE traces SET used = ? WHERE key = ?", now, key);
    });
    this.#used.clear();
  }

  /** Keys whose row is damaged. */
  damaged(): string[] {
    return this.#index
      .all<StoredTrace & { readonly key: string }>("SELECT key, output, duration, blobs, used, sum FROM traces")
      .filter((row) => row.sum !== sumOf(row.key, row))
      .map((row) => row.key);
  }

  /** Every trace by last use, latest first: key, time, and the blobs it needs. */
  byUse(): { readonly key: string; readonly used: number; readonly blobs: readonly string[] }[] {
    return this.#index
      .all<{ key: string; used: number; blobs: string }>("SELECT key, used, blobs FROM traces ORDER BY used DESC, key")
      .map((row) => ({ ...row, blobs: row.blobs === "" ? [] : row.blobs.split("\n") }));
  }
}

function sumOf(
  key: string,
  row: { readonly output: string; readonly duration: number; readonly blobs: string },
): string {
  return rowSum(key, row.output, row.duration, row.blobs);
}
