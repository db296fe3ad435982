/** What a column can be bound to. */
export type SqliteValue = string | number | Uint8Array | null;

/** A row by column name. */
export type SqliteRow = Readonly<Record<string, unknown>>;

/** A prepared statement, made once and run many times. */
export interface SqliteStatement {
  get(...values: SqliteValue[]): SqliteRow | undefined;
  all(...values: SqliteValue[]): SqliteRow[];
  run(...values: SqliteValue[]): void;
}

/** All that the store asks of a SQLite library. Errors are the library's own; `sqliteCode` reads both kinds. */
export interface SqliteDriver {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

/** Opens (and makes) a database file. */
export type OpenDatabase = (path: string) => SqliteDriver;
