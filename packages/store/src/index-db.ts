import { ImgbuildError } from "@imgbuild/errors";
import { openIndexFile, pause } from "./index-file.ts";
import type { Layout } from "./layout.ts";
import { needsRebuild, rebuildIndex } from "./rebuild-index.ts";
import { isBusy, isCorruption, sqliteCode } from "./sqlite-code.ts";
import type { OpenDatabase, SqliteDriver, SqliteStatement, SqliteValue } from "./sqlite-driver.ts";
import { storeError } from "./store-error.ts";

const BUSY_ATTEMPTS = 5;

/**
 * The index database: statements prepared on first use, write transactions that nest, and recovery: a damaged file is
 * replaced by an empty one and the operation runs again. A transaction's body may therefore run twice.
 */
export class IndexDb {
  readonly #layout: Layout;
  readonly #openDatabase: OpenDatabase;
  #database: SqliteDriver | undefined;
  #statements = new Map<string, SqliteStatement>();
  #depth = 0;
  #rebuilt = false;

  constructor(layout: Layout, openDatabase: OpenDatabase) {
    this.#layout = layout;
    this.#openDatabase = openDatabase;
    try {
      this.#database = openIndexFile(layout, openDatabase);
    } catch (error) {
      if (!needsRebuild(error)) throw storeError(error, layout.directory);
      this.#recover(false);
    }
  }

  /** Whether the index was replaced by an empty one since it was opened. */
  get rebuilt(): boolean {
    return this.#rebuilt;
  }

  get<Row>(sql: string, ...values: SqliteValue[]): Row | undefined {
    return this.#attempt(() => this.#statement(sql).get(...values)) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SqliteValue[]): Row[] {
    return this.#attempt(() => this.#statement(sql).all(...values)) as Row[];
  }

  run(sql: string, ...values: SqliteValue[]): void {
    if (this.#depth > 0) this.#attempt(() => this.#statement(sql).run(...values));
    else this.transaction(() => this.#statement(sql).run(...values));
  }

  /** Runs `body` in one write transaction; inside another it is a savepoint. What `body` throws rolls it back. */
  transaction<T>(body: () => T): T {
    return this.#depth === 0 ? this.#attempt(() => this.#bracket(body)) : this.#bracket(body);
  }

  /** Runs SQL that no table needs to be prepared for, outside of transactions. */
  exec(sql: string): void {
    this.#attempt(() => this.#open().exec(sql));
  }

  /** Sets the index aside if a full check finds damage. Says whether it did. */
  checkAndRebuild(): boolean {
    const before = this.#rebuilt;
    this.#rebuilt = false;
    this.#recover(false);
    const rebuilt = this.#rebuilt;
    this.#rebuilt ||= before;
    return rebuilt;
  }

  close(): void {
    this.#statements = new Map();
    this.#database?.close();
    this.#database = undefined;
  }

  #open(): SqliteDriver {
    if (this.#database !== undefined) return this.#database;
    throw new ImgbuildError("internal", `Cannot use the cache "${this.#layout.directory}": it was closed`);
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#open().prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #bracket<T>(body: () => T): T {
    const outer = this.#depth === 0;
    this.#statement(outer ? "BEGIN IMMEDIATE" : "SAVEPOINT nested").run();
    this.#depth++;
    try {
      const result = body();
      if (result instanceof Promise) {
        throw new ImgbuildError("internal", "Cannot run a transaction of the cache: its body is asynchronous");
      }
      this.#statement(outer ? "COMMIT" : "RELEASE nested").run();
      return result;
    } catch (error) {
      this.#rollback(outer);
      throw error;
    } finally {
      this.#depth--;
    }
  }

  #rollback(outer: boolean): void {
    try {
      this.#open().exec(outer ? "ROLLBACK" : "ROLLBACK TO nested; RELEASE nested");
    } catch {
      // SQLite rolls back by itself after some failures; the first error is the one to tell.
    }
  }

  #attempt<T>(operation: () => T): T {
    // Inside a transaction only the outermost level may retry or recover.
    if (this.#depth > 0) return operation();
    let recoveries = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        return operation();
      } catch (error) {
        if (needsRebuild(error) && (recoveries === 0 || (recoveries === 1 && isCorruption(error)))) {
          this.#recover(recoveries > 0);
          recoveries++;
        } else if (isBusy(error) && attempt < BUSY_ATTEMPTS) {
          pause(20 * attempt);
        } else {
          throw this.#explain(error);
        }
      }
    }
  }

  /** Errors of SQLite in our words; what a transaction's body threw of its own stays as it is. */
  #explain(error: unknown): unknown {
    return sqliteCode(error) === undefined ? error : storeError(error, this.#layout.directory);
  }

  #recover(force: boolean): void {
    this.close();
    try {
      const { database, rebuilt } = rebuildIndex(this.#layout, { openDatabase: this.#openDatabase, force });
      this.#database = database;
      this.#rebuilt ||= rebuilt;
    } catch (error) {
      throw storeError(error, this.#layout.directory);
    }
  }
}
