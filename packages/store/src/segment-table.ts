import type { Digest } from "@imgbuild/oci";
import type { BlobStore } from "./blob-store.ts";
import type { IndexDb } from "./index-db.ts";
import { rowSum } from "./row-sum.ts";
import type { Segment, SegmentTable } from "./tables.ts";

/** Blocks asked for in one statement. */
const CHUNK = 250;

const FIND_CHUNK = `SELECT block, blob, offset, length, crc32, sum FROM segments
  WHERE codec = ? AND block IN (${Array(CHUNK).fill("?").join(",")})`;

type StoredSegment = Segment & { readonly block: string; readonly sum: string };

/** Where compressed blocks are, in the index. The latest place of a block wins; a place whose blob is gone is none. */
export class IndexSegmentTable implements SegmentTable {
  readonly #index: IndexDb;
  readonly #blobs: Pick<BlobStore, "size">;

  constructor(index: IndexDb, blobs: Pick<BlobStore, "size">) {
    this.#index = index;
    this.#blobs = blobs;
  }

  find(block: string, codec: string): Segment | undefined {
    return this.findAll([block], codec)[0];
  }

  findAll(blocks: readonly string[], codec: string): (Segment | undefined)[] {
    const found = new Map<string, Segment>();
    const sizes = new Map<Digest, number>();
    const isThere = ({ blob, offset, length }: Segment): boolean => {
      const size = sizes.get(blob) ?? this.#blobs.size(blob) ?? -1;
      sizes.set(blob, size);
      return offset + length <= size;
    };
    for (let start = 0; start < blocks.length; start += CHUNK) {
      const chunk = blocks.slice(start, start + CHUNK);
      const padding = Array<null>(CHUNK - chunk.length).fill(null);
      for (const row of this.#index.all<StoredSegment>(FIND_CHUNK, codec, ...chunk, ...padding)) {
        const { block, blob, offset, length, crc32, sum } = row;
        if (sum === sumOf(codec, block, row) && isThere(row)) found.set(block, { blob, offset, length, crc32 });
      }
    }
    return blocks.map((block) => found.get(block));
  }

  addAll(codec: string, segments: ReadonlyMap<string, Segment>): void {
    if (segments.size === 0) return;
    this.#index.transaction(() => {
      for (const [block, segment] of segments) {
        this.#index.run(
          "INSERT OR REPLACE INTO segments (codec, block, blob, offset, length, crc32, sum) VALUES (?, ?, ?, ?, ?, ?, ?)",
          codec,
          block,
          segment.blob,
          segment.offset,
          segment.length,
          segment.crc32,
          sumOf(codec, block, segment),
        );
      }
    });
  }
}

function sumOf(codec: string, block: string, { blob, offset, length, crc32 }: Segment): string {
  return rowSum(codec, block, blob, offset, length, crc32);
}
