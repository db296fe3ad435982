import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { blobPath } from "./blob-directory.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { DiskBlobStore } from "./disk-blob-store.ts";
import { IndexFactTable } from "./fact-table.ts";
import { IndexDb } from "./index-db.ts";
import { KnownBlobs } from "./known-blobs.ts";
import { IndexLayerFormTable } from "./layer-form-table.ts";
import { type Layout, layoutOf, makeLayout } from "./layout.ts";
import { loadSqlite } from "./load-sqlite.ts";
import { IndexLockTable } from "./lock-table.ts";
import { identify, isProcessAlive, type ProcessIdentity } from "./process-identity.ts";
import { IndexSegmentTable } from "./segment-table.ts";
import { IndexSnapshotTable } from "./snapshot-table.ts";
import type { OpenDatabase } from "./sqlite-driver.ts";
import type { Store, StoreStats } from "./store.ts";
import { storeError } from "./store-error.ts";
import { sweep } from "./sweep.ts";
import { IndexTraceTable } from "./trace-table.ts";
import { IndexTreeTable } from "./tree-table.ts";
import { UseLock } from "./use-lock.ts";
import { verifyStore } from "./verify-store.ts";

/** Where a store is, and what it may know of the world. */
export interface OpenStoreOptions {
  /** The cache directory; made when absent. */
  readonly directory: string;
  /** Milliseconds since 1970. Compared with file times, so a real clock outside of tests. */
  now(): number;
  /** This process. */
  readonly pid: number;
  /** Name of this machine, for those who wait for a lock; default `localhost`. */
  readonly hostname?: string;
  /** Whether the process that started then (in the system's own unit; "" when unknown) still runs. Default: asks the system. */
  processAlive?(pid: number, start: string): boolean;
  /** Opens SQLite files; default: better-sqlite3, else node:sqlite. */
  readonly openDatabase?: OpenDatabase;
}

/**
 * Opens a cache directory, making it when absent, and healing its index when that is damaged. The caller closes it.
 * Throws `cache-unusable` (cannot be written, is a file, was written by another format), `disk-full`, `unavailable`
 * (garbage is being collected) or `unsupported` (no SQLite).
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const openDatabase = options.openDatabase ?? (await loadSqlite());
  const layout = layoutOf(resolve(options.directory));
  makeLayout(layout);
  const lock = new UseLock(layout, openDatabase);
  try {
    const index = new IndexDb(layout, openDatabase);
    try {
      return assemble({ ...options, layout, index, lock });
    } catch (error) {
      index.close();
      throw error;
    }
  } catch (error) {
    lock.close();
    throw storeError(error, layout.directory);
  }
}

interface Parts extends OpenStoreOptions {
  readonly layout: Layout;
  readonly index: IndexDb;
  readonly lock: UseLock;
}

function assemble(parts: Parts): Store {
  const { layout, index, lock } = parts;
  const world = worldOf(parts);
  const known = new KnownBlobs({ index, ...world });
  const blobs = new DiskBlobStore({ layout, known, pid: parts.pid, now: world.now });
  const traces = new IndexTraceTable(index, world.now);
  const locks = new IndexLockTable({ index, ...world });
  const sources = { layout, index, blobs, traces };
  sweep({ layout, index, now: world.now(), processAlive: world.processAlive });
  let open = true;
  return {
    directory: layout.directory,
    blobs,
    traces,
    locks,
    snapshots: new IndexSnapshotTable(index),
    trees: new IndexTreeTable(index),
    segments: new IndexSegmentTable(index, blobs),
    layerForms: new IndexLayerFormTable(index),
    facts: new IndexFactTable(index),
    stats: () => explained(layout, () => statsOf(layout, blobs, index)),
    verify: ({ repair }) => explained(layout, () => verifyStore(sources, repair)),
    gc: (gcOptions) => lock.alone(() => explained(layout, () => collectGarbage(sources, gcOptions))),
    transaction: (body) => index.transaction(body),
    close: () => {
      if (!open) return;
      open = false;
      try {
        locks.close();
        traces.flush();
        known.close();
      } finally {
        index.close();
        lock.close();
      }
    },
  };
}

function worldOf(options: OpenStoreOptions) {
  let identity: ProcessIdentity | undefined;
  return {
    owner: randomBytes(8).toString("hex"),
    self: () => {
      identity ??= identify(options.pid, options.hostname ?? "localhost");
      return identity;
    },
    now: () => options.now(),
    processAlive: (pid: number, start: string) => options.processAlive?.(pid, start) ?? isProcessAlive(pid, start),
  };
}

function statsOf(layout: Layout, blobs: DiskBlobStore, index: IndexDb): StoreStats {
  const sizes = [...blobs.list()].map((digest) => sizeOf(blobPath(layout, digest)));
  const count = (table: string) => index.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0;
  return {
    directory: layout.directory,
    blobs: sizes.length,
    blobBytes: sizes.reduce((sum, size) => sum + size, 0),
    indexBytes: sizeOf(layout.index) + sizeOf(`${layout.index}-wal`),
    traces: count("traces"),
    segments: count("segments"),
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function explained<T>(layout: Layout, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw storeError(error, layout.directory);
  }
}
