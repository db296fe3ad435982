import { ImgbuildError } from "@imgbuild/errors";
import { INDEX_FORMAT, SCHEMA, TABLE_COUNT } from "./index-schema.ts";
import type { Layout } from "./layout.ts";
import { isBusy, isDamage } from "./sqlite-code.ts";
import type { OpenDatabase, SqliteDriver } from "./sqlite-driver.ts";

const BUSY_TIMEOUT_MS = 10_000;
const MODE_ATTEMPTS = 100;

/** Marks the database file as unfit although SQLite had no complaint. */
export class DamagedIndex extends Error {}

/**
 * Opens the index, making its tables when it is new. Throws the driver's errors and {@link DamagedIndex} as they are
 * (the caller sets the file aside), and `cache-unusable` when another version of imgbuild wrote it.
 */
export function openIndexFile(layout: Layout, openDatabase: OpenDatabase): SqliteDriver {
  const database = openDatabase(layout.index);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    const wal = enableWal(database);
    database.exec(`PRAGMA synchronous = ${wal ? "NORMAL" : "FULL"}`);
    const version = versionOf(database);
    if (version === 0) createTables(database);
    else if (version !== INDEX_FORMAT) refuse(database, layout, version);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Throws when a full check finds the index unfit for use: damaged, read-only by its header, tables missing. */
export function checkIndex(database: SqliteDriver): void {
  const tables = database.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").all();
  const changed = tables.some(({ sql }) => !SCHEMA.includes(`${sql};`));
  if (changed || tables.length !== TABLE_COUNT) throw new DamagedIndex("The tables are not as they were made");
  const result = database.prepare("PRAGMA integrity_check(1)").get()?.integrity_check;
  if (result !== "ok") throw new DamagedIndex(String(result));
  // A header that forbids writing shows at the first write alone.
  database.exec("BEGIN IMMEDIATE; UPDATE meta SET value = value; ROLLBACK");
}

/** Blocks this thread; the index is opened and retried synchronously. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Whether the journal is a WAL now; network and some virtual file systems cannot have one. */
function enableWal(database: SqliteDriver): boolean {
  for (let attempt = 1; ; attempt++) {
    try {
      return database.prepare("PRAGMA journal_mode = WAL").get()?.journal_mode === "wal";
    } catch (error) {
      if (isDamage(error)) throw error;
      // Two processes that switch a new file to WAL get BUSY at once: SQLite does not wait here.
      if (isBusy(error) && attempt < MODE_ATTEMPTS) pause(10);
      else break;
    }
  }
  database.prepare("PRAGMA journal_mode = DELETE").get();
  return false;
}

function versionOf(database: SqliteDriver): unknown {
  return database.prepare("PRAGMA user_version").get()?.user_version;
}

function createTables(database: SqliteDriver): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    if (versionOf(database) === 0) database.exec(SCHEMA);
    database.exec("COMMIT");
  } catch (error) {
    rollback(database);
    throw error;
  }
}

function rollback(database: SqliteDriver): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // SQLite has rolled back by itself.
  }
}

function refuse(database: SqliteDriver, layout: Layout, version: unknown): never {
  const written = database.prepare("SELECT value FROM meta WHERE name = 'format'").get()?.value;
  // The two disagree only when the header was damaged.
  if (written !== String(version)) throw new DamagedIndex("The format number is damaged");
  throw new ImgbuildError(
    "cache-unusable",
    `Cannot use the cache "${layout.directory}": its index has format ${version}, this version reads ${INDEX_FORMAT}`,
    { hint: `Remove the directory ${layout.root}, or choose another place with --cache-dir DIR or IMGBUILD_CACHE_DIR` },
  );
}
