/** The format of the index; a store with another one is not touched. */
export const INDEX_FORMAT = 1;

/** How many tables {@link SCHEMA} makes. */
export const TABLE_COUNT = 10;

/**
 * Rows with large values have a rowid, the others none. `sum` guards a row against changed bits (SQLite has no page
 * checksums). `blobs` holds what is known to be whole: a blob without a row is hashed before it is used.
 */
export const SCHEMA = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE blobs (digest TEXT PRIMARY KEY, size INTEGER NOT NULL, added INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (id TEXT PRIMARY KEY, boot TEXT NOT NULL, pid INTEGER NOT NULL, start TEXT NOT NULL,
  since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE traces (key TEXT PRIMARY KEY, output TEXT NOT NULL, duration REAL NOT NULL, blobs TEXT NOT NULL,
  used INTEGER NOT NULL, sum TEXT NOT NULL);
CREATE TABLE snapshots (root TEXT NOT NULL, dir TEXT NOT NULL, data BLOB NOT NULL, sum TEXT NOT NULL,
  PRIMARY KEY (root, dir));
CREATE TABLE trees (digest TEXT PRIMARY KEY, data BLOB NOT NULL, sum TEXT NOT NULL);
CREATE TABLE segments (codec TEXT NOT NULL, block TEXT NOT NULL, blob TEXT NOT NULL, offset INTEGER NOT NULL,
  length INTEGER NOT NULL, crc32 INTEGER NOT NULL, sum TEXT NOT NULL, PRIMARY KEY (codec, block)) WITHOUT ROWID;
CREATE TABLE forms (codec TEXT NOT NULL, diff_id TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
  sum TEXT NOT NULL, PRIMARY KEY (codec, diff_id)) WITHOUT ROWID;
CREATE TABLE facts (space TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, sum TEXT NOT NULL,
  PRIMARY KEY (space, key));
CREATE TABLE locks (key TEXT PRIMARY KEY, owner TEXT NOT NULL, host TEXT NOT NULL, machine TEXT NOT NULL,
  pid INTEGER NOT NULL, start TEXT NOT NULL, since INTEGER NOT NULL, beat INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('format', '${INDEX_FORMAT}');
PRAGMA user_version = ${INDEX_FORMAT};
`;
