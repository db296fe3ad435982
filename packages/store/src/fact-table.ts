import type { IndexDb } from "./index-db.ts";
import { rowSum } from "./row-sum.ts";
import type { FactTable } from "./tables.ts";

/** JSON text by (space, key) in the index. */
export class IndexFactTable implements FactTable {
  readonly #index: IndexDb;

  constructor(index: IndexDb) {
    this.#index = index;
  }

  get(space: string, key: string): string | undefined {
    const row = this.#index.get<{ value: string; sum: string }>(
      "SELECT value, sum FROM facts WHERE space = ? AND key = ?",
      space,
      key,
    );
    if (row === undefined) return undefined;
    if (row.sum === rowSum(space, key, row.value)) return row.value;
    this.remove(space, key);
    return undefined;
  }

  set(space: string, key: string, value: string): void {
    this.#index.run(
      "INSERT OR REPLACE INTO facts (space, key, value, sum) VALUES (?, ?, ?, ?)",
      space,
      key,
      value,
      rowSum(space, key, value),
    );
  }

  remove(space: string, key: string): void {
    this.#index.run("DELETE FROM facts WHERE space = ? AND key = ?", space, key);
  }

  keys(space: string): string[] {
    const rows = this.#index.all<{ key: string }>("SELECT key FROM facts WHERE space = ?", space);
    // SQLite would sort by UTF-8 bytes, which differs from code units beyond the basic plane.
    return rows.map((row) => row.key).sort();
  }
}
