import { ImgbuildError } from "@imgbuild/errors";
import { pause } from "./index-file.ts";
import type { Layout } from "./layout.ts";
import { isBusy, isDamage } from "./sqlite-code.ts";
import type { OpenDatabase, SqliteDriver } from "./sqlite-driver.ts";
import { storeError } from "./store-error.ts";

const ATTEMPTS = 3;

/**
 * Says that a process has the store open, so that no other collects garbage under it. A shared file lock that SQLite
 * holds on an empty database: the system drops it when the process dies.
 */
export class UseLock {
  readonly #layout: Layout;
  /** Undefined when the lock file is not what it should be: then nobody can collect garbage, and all else works. */
  #database: SqliteDriver | undefined;

  constructor(layout: Layout, openDatabase: OpenDatabase) {
    this.#layout = layout;
    try {
      const database = openDatabase(layout.useLock);
      this.#database = database;
      database.exec("PRAGMA busy_timeout = 20000");
      this.#share(database);
    } catch (error) {
      this.close();
      if (!isDamage(error)) throw storeError(error, layout.directory);
    }
  }

  /** Runs `body` while no other process has the store open. Throws `unavailable` when one has. */
  alone<T>(body: () => T): T {
    const database = this.#database;
    if (database === undefined) throw this.#unusable();
    database.exec("COMMIT");
    try {
      this.#exclude(database);
      return body();
    } finally {
      this.#share(database);
    }
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #share(database: SqliteDriver): void {
    try {
      database.exec("ROLLBACK");
    } catch {
      // There was nothing to roll back.
    }
    // A transaction without a read would hold no lock.
    database.exec("BEGIN; SELECT count(*) FROM sqlite_schema");
  }

  #exclude(database: SqliteDriver): void {
    database.exec("PRAGMA busy_timeout = 200");
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          database.exec("BEGIN EXCLUSIVE");
          return;
        } catch (error) {
          if (!isBusy(error)) throw storeError(error, this.#layout.directory);
          if (attempt === ATTEMPTS) throw this.#inUse();
          pause(50);
        }
      }
    } finally {
      database.exec("PRAGMA busy_timeout = 20000");
    }
  }

  #inUse(): ImgbuildError {
    return new ImgbuildError(
      "unavailable",
      `Cannot collect garbage in the cache "${this.#layout.directory}": another process uses it`,
      { hint: "Wait for it to end, or stop it, and run the command again" },
    );
  }

  #unusable(): ImgbuildError {
    return new ImgbuildError(
      "cache-unusable",
      `Cannot collect garbage in the cache "${this.#layout.directory}": its lock file is damaged`,
      { hint: `Remove the file ${this.#layout.useLock} while no imgbuild runs` },
    );
  }
}
