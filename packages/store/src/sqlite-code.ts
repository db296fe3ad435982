const PRIMARY_CODES: Readonly<Record<number, string>> = {
  1: "SQLITE_ERROR",
  3: "SQLITE_PERM",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  15: "SQLITE_PROTOCOL",
  17: "SQLITE_SCHEMA",
  26: "SQLITE_NOTADB",
};

const SHORT_READ = 10 | (2 << 8);

/** The SQLite result code of an error of either driver, e.g. `SQLITE_BUSY`; undefined for anything else. */
export function sqliteCode(error: unknown): string | undefined {
  // Not by class: the errors of better-sqlite3 are no native errors, and belong to the realm that loaded it first.
  if (typeof error !== "object" || error === null) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof code === "string" && code.startsWith("SQLITE_")) return code;
  if (typeof errcode !== "number") return undefined;
  if (errcode === SHORT_READ) return "SQLITE_IOERR_SHORT_READ";
  return PRIMARY_CODES[errcode & 0xff] ?? "SQLITE_ERROR";
}

/** Whether another process or connection is in the way, so that a later try may work. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && /^SQLITE_(BUSY|LOCKED|PROTOCOL|SCHEMA)/.test(code);
}

/**
 * Whether the database file may be damaged (or was emptied or replaced while it was open). Plain errors and violated
 * constraints count: our statements are right for our schema, so it is the schema that has changed.
 */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && (isCorruption(error) || /^SQLITE_(ERROR$|CONSTRAINT|MISMATCH)/.test(code));
}

/** Whether SQLite itself has found the file damaged, or marked in its header as not to be written. */
export function isCorruption(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB|READONLY|IOERR_SHORT_READ)/.test(sqliteCode(error) ?? "");
}
