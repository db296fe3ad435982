/**
 * Compresses a layer block by block. Segments of any blocks, in order, between `head()` and `tail()`, are one valid
 * stream of the algorithm; a segment depends on its block alone, so it can be made on any thread and kept in a cache.
 */
export interface Codec {
  readonly algorithm: "none" | "gzip" | "zstd";
  /** 0 for none. */
  readonly level: number;
  /** Names algorithm, level and implementation with its version: equal ids give equal bytes. E.g. `gzip-6/zlib-1.3.1`. */
  readonly id: string;
  /** Compresses one block, off the main thread where there is work to do. */
  compress(block: Uint8Array): Promise<Uint8Array>;
  /** Restores one block from its segment; `size` is the size of the block. Throws `integrity`. */
  expand(segment: Uint8Array, size: number): Promise<Buffer>;
  head(): Uint8Array;
  /** `crc32` and `size` of the whole uncompressed stream. */
  tail(total: { readonly crc32: number; readonly size: number }): Uint8Array;
}
