import { types } from "node:util";
import { ImgbuildError } from "@imgbuild/errors";
import type { OpenDatabase, SqliteDriver, SqliteRow, SqliteValue } from "./sqlite-driver.ts";

/** The part of node:sqlite used here; the Node types of the lowest supported version do not know the module. */
interface NodeSqlite {
  readonly DatabaseSync: new (path: string) => NodeDatabase;
}

interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  close(): void;
}

interface NodeStatement {
  get(...values: SqliteValue[]): SqliteRow | undefined;
  all(...values: SqliteValue[]): SqliteRow[];
  run(...values: SqliteValue[]): unknown;
}

/**
 * The SQLite library of this installation: better-sqlite3, else node:sqlite. The import is dynamic, so that it works
 * from a bundle (better-sqlite3 external) and costs nothing to who never opens a store. Throws `unsupported`.
 */
export async function loadSqlite(): Promise<OpenDatabase> {
  try {
    return await loadBetterSqlite();
  } catch (error) {
    return loadNodeSqlite() ?? fail(error);
  }
}

async function loadBetterSqlite(): Promise<OpenDatabase> {
  const { default: Database } = await import("better-sqlite3");
  // The native binding is loaded by the first constructor, not by the import.
  new Database(":memory:").close();
  return (path) => adapt(new Database(path));
}

/** The built-in SQLite of this Node; undefined where it has none. */
export function loadNodeSqlite(): OpenDatabase | undefined {
  const builtin = process.getBuiltinModule("node:sqlite" as string) as NodeSqlite | undefined;
  if (builtin === undefined) return undefined;
  const { DatabaseSync } = builtin;
  return (path) => adapt(new DatabaseSync(path));
}

function adapt(database: NodeDatabase): SqliteDriver {
  return {
    exec: (sql) => {
      database.exec(sql);
    },
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
        run: (...values) => {
          statement.run(...values);
        },
      };
    },
    close: () => {
      database.close();
    },
  };
}

function fail(cause: unknown): never {
  const detail = types.isNativeError(cause) ? cause.message.split("\n", 1)[0] : String(cause);
  throw new ImgbuildError("unsupported", `Cannot load SQLite: better-sqlite3 did not load (${detail})`, {
    hint: "Run npm rebuild better-sqlite3",
    cause,
  });
}
