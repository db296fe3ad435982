import type { IndexDb } from "./index-db.ts";

/** A kind of row that is kept by bytes: how its groups are found, latest written first, and how one is removed. */
interface Kept {
  readonly sizes: string;
  readonly remove: string;
}

/** Rows have no time of use. SQLite numbers them as they are written, and a replaced row gets a new number. */
const KEPT: readonly Kept[] = [
  {
    sizes: "SELECT rowid AS id, length(key) + length(value) AS bytes, 1 AS rows FROM facts ORDER BY rowid DESC",
    remove: "DELETE FROM facts WHERE rowid = ?",
  },
  {
    sizes: "SELECT rowid AS id, length(data) AS bytes, 1 AS rows FROM trees ORDER BY rowid DESC",
    remove: "DELETE FROM trees WHERE rowid = ?",
  },
  {
    // A root with a part of its directories would be swept anew as well.
    sizes:
      "SELECT root AS id, sum(length(data)) AS bytes, count(*) AS rows FROM snapshots GROUP BY root ORDER BY max(rowid) DESC",
    remove: "DELETE FROM snapshots WHERE root = ?",
  },
];

/**
 * Of facts, of Merkle nodes and of snapshots keeps the latest written ones, each up to `maxBytes`. What is lost is
 * learnt again: a source is hashed once more, a miss is explained in fewer words. Returns how many rows were (or, in a
 * dry run, would be) removed.
 */
export function forgetRows(
  index: IndexDb,
  { maxBytes, dryRun }: { readonly maxBytes: number; readonly dryRun: boolean },
): number {
  let removed = 0;
  for (const { sizes, remove } of KEPT) {
    let bytes = 0;
    for (const group of index.all<{ id: number | string; bytes: number; rows: number }>(sizes)) {
      bytes += group.bytes;
      if (bytes <= maxBytes) continue;
      removed += group.rows;
      if (!dryRun) index.run(remove, group.id);
    }
  }
  return removed;
}
