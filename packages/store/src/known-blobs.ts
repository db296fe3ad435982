import type { Digest } from "@imgbuild/oci";
import type { IndexDb } from "./index-db.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** What the table of known blobs must know of the world. */
export interface KnownBlobsOptions {
  readonly index: IndexDb;
  /** Unique to this opening of the store. */
  readonly owner: string;
  self(): ProcessIdentity;
  now(): number;
  processAlive(pid: number, start: string): boolean;
}

interface SessionRow {
  readonly id: string;
  readonly boot: string;
  readonly pid: number;
  readonly start: string;
  readonly since: number;
}

/**
 * Sizes of the blobs that were whole when they were last hashed. A blob that is not in here is hashed before its first
 * use. A session row marks a process that adds blobs; if the system goes down under it, what it added is doubted.
 */
export class KnownBlobs {
  readonly #options: KnownBlobsOptions;
  readonly #sizes = new Map<Digest, number>();
  #session = false;

  constructor(options: KnownBlobsOptions) {
    this.#options = options;
    this.#endDeadSessions();
  }

  get(digest: Digest): number | undefined {
    const cached = this.#sizes.get(digest);
    if (cached !== undefined) return cached;
    const row = this.#options.index.get<{ size: number }>("SELECT size FROM blobs WHERE digest = ?", digest);
    if (row !== undefined) this.#sizes.set(digest, row.size);
    return row?.size;
  }

  /** Remembers a blob that is on disk, synced, and has this size and digest. */
  add(digest: Digest, size: number): void {
    if (this.get(digest) === size) return;
    const { index, owner, now } = this.#options;
    const time = now();
    index.transaction(() => {
      const { boot, pid, start } = this.#options.self();
      // Before the blob's row: whatever part of the journal survives a power cut, a blob's row never stands alone.
      index.run(
        "INSERT OR IGNORE INTO sessions (id, boot, pid, start, since) VALUES (?, ?, ?, ?, ?)",
        ...[owner, boot, pid, start, time],
      );
      index.run("INSERT OR REPLACE INTO blobs (digest, size, added) VALUES (?, ?, ?)", digest, size, time);
    });
    this.#session = true;
    this.#sizes.set(digest, size);
  }

  forget(digest: Digest): void {
    this.#sizes.delete(digest);
    this.#options.index.run("DELETE FROM blobs WHERE digest = ?", digest);
  }

  close(): void {
    if (this.#session) this.#options.index.run("DELETE FROM sessions WHERE id = ?", this.#options.owner);
  }

  #endDeadSessions(): void {
    const { index, processAlive } = this.#options;
    const sessions = index.all<SessionRow>("SELECT id, boot, pid, start, since FROM sessions");
    if (sessions.length === 0) return;
    const { boot } = this.#options.self();
    const rebooted = (row: SessionRow) => row.boot !== boot;
    const over = sessions.filter((row) => rebooted(row) || !processAlive(row.pid, row.start));
    if (over.length === 0) return;
    index.transaction(() => {
      for (const row of over) {
        // A killed process leaves its blobs whole (they were synced, and the system lives); a power cut may not.
        if (rebooted(row) || boot === "") index.run("DELETE FROM blobs WHERE added >= ?", row.since);
        index.run("DELETE FROM sessions WHERE id = ?", row.id);
      }
    });
  }
}
