import type { Digest } from "@imgbuild/oci";
import type { IndexDb } from "./index-db.ts";
import { rowSum } from "./row-sum.ts";
import type { LayerFormTable } from "./tables.ts";

/** Compressed forms of layers in the index. The latest form of a layer wins. */
export class IndexLayerFormTable implements LayerFormTable {
  readonly #index: IndexDb;

  constructor(index: IndexDb) {
    this.#index = index;
  }

  find(diffId: string, codec: string): { readonly digest: Digest; readonly size: number } | undefined {
    const row = this.#index.get<{ digest: Digest; size: number; sum: string }>(
      "SELECT digest, size, sum FROM forms WHERE codec = ? AND diff_id = ?",
      codec,
      diffId,
    );
    if (row === undefined || row.sum !== rowSum(codec, diffId, row.digest, row.size)) return undefined;
    return { digest: row.digest, size: row.size };
  }

  record(diffId: string, codec: string, form: { readonly digest: Digest; readonly size: number }): void {
    this.#index.run(
      "INSERT OR REPLACE INTO forms (codec, diff_id, digest, size, sum) VALUES (?, ?, ?, ?, ?)",
      codec,
      diffId,
      form.digest,
      form.size,
      rowSum(codec, diffId, form.digest, form.size),
    );
  }
}
