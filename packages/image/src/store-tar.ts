import { createHash } from "node:crypto";
import { digestFromSha256, parseDiffId } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { crc32 } from "@imgbuild/tar";
import { type BlockRef, putBlockList } from "./block-list.ts";
import { fastCodec } from "./fast-codec.ts";
import type { LayerData } from "./layer-data.ts";
import { MAX_BLOCK } from "./plan-blocks.ts";
import { SegmentWriter } from "./segment-writer.ts";

/** Stores an uncompressed tar as a layer, cut every 1 MiB. What it holds is not looked at: the bytes stay as they are. */
export async function storeTarAsLayer(store: Store, source: AsyncIterable<Uint8Array>): Promise<LayerData> {
  const codec = fastCodec();
  const writer = new SegmentWriter(store, codec);
  const diff = createHash("sha256");
  const blocks: BlockRef[] = [];
  let size = 0;
  try {
    for await (const bytes of inBlocks(source)) {
      diff.update(bytes);
      size += bytes.length;
      const id = createHash("sha256").update("imgbuild.raw 1\0").update(bytes).digest("hex");
      blocks.push({ id, size: bytes.length });
      if (writer.has(id) || store.segments.find(id, codec.id) !== undefined) continue;
      writer.add(id, { bytes: await codec.compress(bytes), crc32: crc32(bytes), size: bytes.length });
    }
    writer.commit();
  } finally {
    writer.abort();
  }
  const list = putBlockList(store.blobs, { packed: `${codec.algorithm}:${codec.level}`, blocks });
  return { kind: "blocks", diffId: parseDiffId(digestFromSha256(diff.digest("hex"))), size, blocks: list };
}

/** The same bytes in pieces of exactly one block, but for the last. */
async function* inBlocks(source: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let buffer = Buffer.allocUnsafeSlow(MAX_BLOCK);
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, MAX_BLOCK - filled);
      buffer.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < MAX_BLOCK) continue;
      yield buffer;
      buffer = Buffer.allocUnsafeSlow(MAX_BLOCK);
      filled = 0;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
