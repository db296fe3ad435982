import { promisify } from "node:util";
import { constants, deflateRaw, inflateRaw } from "node:zlib";
import type { Codec } from "./codec.ts";
import { checkedSize, checkLevel, expandError } from "./expand-error.ts";

const deflate: (block: Uint8Array, options: object) => Promise<Buffer> = promisify(deflateRaw);
const inflate: (segment: Uint8Array, options: object) => Promise<Buffer> = promisify(inflateRaw);

/** Deflate, no flags, no time, default effort, unknown system (RFC 1952 §2.3). */
const HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** An empty last deflate block: after the byte-aligned segments it ends the stream. */
const LAST_BLOCK = [0x03, 0x00];
const MIN_CHUNK = 65_536;

/**
 * One gzip member for the whole stream. Every block is deflated with an empty window and ends on a byte boundary (sync
 * flush), so segments can follow each other in any number; `tail` closes the member with the CRC of the whole.
 * Level 1 to 9, else throws `usage`. The bytes depend on the zlib in Node and on the processor family, which `id` names.
 */
export function gzipCodec(level: number): Codec {
  checkLevel("gzip", level, 9);
  return {
    algorithm: "gzip",
    level,
    id: `gzip-${level}-m9/zlib-${process.versions.zlib ?? "unknown"}-${process.arch}`,
    compress: (block) =>
      // One output chunk is one trip to the thread pool: with the default 16 KiB the trips cost more than the work.
      // The larger hash table (memLevel 9) is 10 % faster, for 0.2 % of size.
      deflate(block, {
        level,
        memLevel: 9,
        finishFlush: constants.Z_SYNC_FLUSH,
        chunkSize: Math.max(MIN_CHUNK, block.length >>> 1),
      }),
    expand,
    head: () => HEAD.slice(),
    tail: ({ crc32, size }) => {
      const tail = Buffer.alloc(10);
      tail.set(LAST_BLOCK);
      tail.writeUInt32LE(crc32 >>> 0, 2);
      tail.writeUInt32LE(size % 2 ** 32, 6);
      return tail;
    },
  };
}

async function expand(segment: Uint8Array, size: number): Promise<Buffer> {
  const block = await inflate(segment, {
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: Math.max(MIN_CHUNK, size),
    maxOutputLength: size + 1,
  }).catch((error: unknown) => {
    throw expandError("gzip", "it is damaged", error);
  });
  return checkedSize(block, size, "gzip");
}
