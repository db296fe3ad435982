import { ImgbuildError } from "@imgbuild/errors";
import type { Digest } from "@imgbuild/oci";
import type { BlobStore } from "@imgbuild/store";

/** One block of a layer: its id (64 hex digits) and its size in bytes before compression. */
export interface BlockRef {
  readonly id: string;
  readonly size: number;
}

/** The blocks of a layer, in order, and the compression they were first stored in, e.g. `zstd:1`. */
export interface BlockList {
  readonly packed: string;
  readonly blocks: readonly BlockRef[];
}

const MAGIC = "imgbuild-blocks 1 ";
const ROW = 36;

/** Stores a list as a blob: a line with magic and compression, then 32 bytes of id and a big-endian u32 of size each. */
export function putBlockList(blobs: BlobStore, list: BlockList): Digest {
  const head = Buffer.from(`${MAGIC}${list.packed}\n`);
  const rows = Buffer.alloc(list.blocks.length * ROW);
  list.blocks.forEach((block, i) => {
    rows.write(block.id, i * ROW, "hex");
    rows.writeUInt32BE(block.size, i * ROW + 32);
  });
  return blobs.put(Buffer.concat([head, rows]));
}

/** Reads a list back. Throws what `BlobStore.read` throws, and `integrity` for a blob that is no list. */
export function readBlockList(blobs: BlobStore, digest: Digest): BlockList {
  const bytes = blobs.read(digest);
  const end = bytes.indexOf(10);
  const head = bytes.toString("latin1", 0, Math.max(end, 0));
  const rows = bytes.subarray(end + 1);
  if (end < 0 || !head.startsWith(MAGIC) || rows.length % ROW !== 0) {
    throw new ImgbuildError("integrity", `Cannot read the block list ${digest}: it has another format`, {
      hint: "Run the build again; if it stays, remove the cache directory",
    });
  }
  const blocks = Array.from({ length: rows.length / ROW }, (_, i) => ({
    id: rows.toString("hex", i * ROW, i * ROW + 32),
    size: rows.readUInt32BE(i * ROW + 32),
  }));
  return { packed: head.slice(MAGIC.length), blocks };
}
