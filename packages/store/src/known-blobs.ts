import type { Stats } from "node:fs";
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

/** What tells whether a file was touched since it was hashed. */
export type BlobStat = Pick<Stats, "size" | "ctimeMs">;

interface BlobRow {
  readonly size: number;
  /** Not before the last change of the file's inode. */
  readonly added: number;
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
  readonly #rows = new Map<Digest, BlobRow>();
  #session = false;

  constructor(options: KnownBlobsOptions) {
    this.#options = options;
    this.#endDeadSessions();
  }

  /** The size that a blob must have; undefined when it is not known. */
  size(digest: Digest): number | undefined {
    return this.#row(digest)?.size;
  }

  /** Whether a blob was hashed since its file was written to, moved, copied or restored. */
  isWhole(digest: Digest, { size, ctimeMs }: BlobStat): boolean {
    const row = this.#row(digest);
    return row !== undefined && row.size === size && ctimeMs <= row.added;
  }

  #row(digest: Digest): BlobRow | undefined {
    const cached = this.#rows.get(digest);
    if (cached !== undefined) return cached;
    const row = this.#options.index.get<BlobRow>("SELECT size, added FROM blobs WHERE digest = ?", digest);
    if (row !== undefined) this.#rows.set(digest, row);
    return row;
  }

  /** Remembers a blob that is on disk, synced, and has this digest. */
  add(digest: Digest, stat: BlobStat): void {
    if (this.isWhole(digest, stat)) return;
    const { size, ctimeMs } = stat;
    const { index, owner, now } = this.#options;
    // The clock may have been set back, or be another machine's.
    const time = Math.max(now(), Math.ceil(ctimeMs));
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
    this.#rows.set(digest, { size, added: time });
  }

  forget(digest: Digest): void {
    this.#rows.delete(digest);
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
