import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "@imgbuild/errors";
import { checkIndex, DamagedIndex, openIndexFile } from "./index-file.ts";
import type { Layout } from "./layout.ts";
import { isDamage } from "./sqlite-code.ts";
import type { OpenDatabase, SqliteDriver } from "./sqlite-driver.ts";

/** Whether an error says that the index file has to be set aside. */
export function needsRebuild(error: unknown): boolean {
  return error instanceof DamagedIndex || isDamage(error);
}

/**
 * Opens an index after damage was seen: one process at a time looks again, and only what is still damaged is set
 * aside. Without that second look a slow process would move away what a quick one has just rebuilt. With `force` there
 * is no such look: the damage was seen again after it.
 */
export function rebuildIndex(
  layout: Layout,
  { openDatabase, force }: { readonly openDatabase: OpenDatabase; readonly force: boolean },
): { readonly database: SqliteDriver; readonly rebuilt: boolean } {
  const release = lockRebuild(layout, openDatabase);
  try {
    const healthy = force ? undefined : openHealthy(layout, openDatabase);
    if (healthy !== undefined) return { database: healthy, rebuilt: false };
    setIndexAside(layout);
    return { database: openIndexFile(layout, openDatabase), rebuilt: true };
  } finally {
    release();
  }
}

/** Moves the database with its journal files to the quarantine; renaming keeps processes that have it open whole. */
function setIndexAside(layout: Layout): void {
  const target = join(layout.quarantine, `index-${randomBytes(8).toString("hex")}`);
  mkdirSync(target, { recursive: true });
  for (const suffix of ["", "-wal", "-shm", "-journal"]) {
    try {
      renameSync(`${layout.index}${suffix}`, join(target, `index.db${suffix}`));
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
}

function openHealthy(layout: Layout, openDatabase: OpenDatabase): SqliteDriver | undefined {
  let database: SqliteDriver | undefined;
  try {
    database = openIndexFile(layout, openDatabase);
    checkIndex(database);
    return database;
  } catch (error) {
    database?.close();
    if (needsRebuild(error)) return undefined;
    throw error;
  }
}

/** A file lock that the system drops when its holder dies, taken by SQLite on an empty database. */
function lockRebuild(layout: Layout, openDatabase: OpenDatabase): () => void {
  const lock = openDatabase(layout.rebuildLock);
  try {
    lock.exec("PRAGMA busy_timeout = 60000");
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    // Somebody wrote into the lock file: better to rebuild unguarded than never.
    if (isDamage(error)) return () => undefined;
    throw error;
  }
  return () => {
    lock.close();
  };
}
