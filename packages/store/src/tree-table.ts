import type { IndexDb } from "./index-db.ts";
import { asBuffer, bytesSum } from "./row-sum.ts";
import type { TreeTable } from "./tables.ts";

/** Merkle nodes in the index. A node never changes, so the first one wins. */
export class IndexTreeTable implements TreeTable {
  readonly #index: IndexDb;

  constructor(index: IndexDb) {
    this.#index = index;
  }

  get(digest: string): Buffer | undefined {
    const row = this.#index.get<{ data: Uint8Array; sum: string }>(
      "SELECT data, sum FROM trees WHERE digest = ?",
      digest,
    );
    if (row === undefined) return undefined;
    if (row.sum === bytesSum(digest, row.data)) return asBuffer(row.data);
    this.#index.run("DELETE FROM trees WHERE digest = ?", digest);
    return undefined;
  }

  putAll(nodes: ReadonlyMap<string, Uint8Array>): void {
    if (nodes.size === 0) return;
    this.#index.transaction(() => {
      for (const [digest, data] of nodes) {
        this.#index.run(
          "INSERT OR IGNORE INTO trees (digest, data, sum) VALUES (?, ?, ?)",
          digest,
          data,
          bytesSum(digest, data),
        );
      }
    });
  }
}
