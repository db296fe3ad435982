import type { IndexDb } from "./index-db.ts";
import { asBuffer, bytesSum } from "./row-sum.ts";
import type { SnapshotTable } from "./tables.ts";

/** Packed stat snapshots in the index, one row a directory. */
export class IndexSnapshotTable implements SnapshotTable {
  readonly #index: IndexDb;

  constructor(index: IndexDb) {
    this.#index = index;
  }

  load(roots: readonly string[]): Map<string, Map<string, Buffer>> {
    const found = new Map(roots.map((root) => [root, new Map<string, Buffer>()]));
    const rows = this.#index.all<{ root: string; dir: string; data: Uint8Array; sum: string }>(
      "SELECT root, dir, data, sum FROM snapshots WHERE root IN (SELECT value FROM json_each(?))",
      JSON.stringify(roots),
    );
    for (const { root, dir, data, sum } of rows) {
      if (sum === bytesSum(`${root}\0${dir}`, data)) found.get(root)?.set(dir, asBuffer(data));
    }
    return found;
  }

  save(
    root: string,
    changes: { readonly set: ReadonlyMap<string, Uint8Array>; readonly remove: Iterable<string> },
  ): void {
    const removed = [...changes.remove];
    if (changes.set.size === 0 && removed.length === 0) return;
    this.#index.transaction(() => {
      for (const dir of removed) this.#index.run("DELETE FROM snapshots WHERE root = ? AND dir = ?", root, dir);
      for (const [dir, data] of changes.set) {
        this.#index.run(
          "INSERT OR REPLACE INTO snapshots (root, dir, data, sum) VALUES (?, ?, ?, ?)",
          root,
          dir,
          data,
          bytesSum(`${root}\0${dir}`, data),
        );
      }
    });
  }
}
