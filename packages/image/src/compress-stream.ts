import { type Codec, combineCrc32, crc32 } from "@imgbuild/tar";

const BLOCK = 1 << 20;

/** A stream compressed by a codec, in blocks of 1 MiB. */
export async function* compressStream(
  source: AsyncIterable<Uint8Array>,
  codec: Codec,
): AsyncGenerator<Uint8Array, void, undefined> {
  let total = { crc32: 0, size: 0 };
  let waiting: Uint8Array[] = [];
  let held = 0;
  const flush = async (): Promise<Uint8Array> => {
    const block = Buffer.concat(waiting);
    waiting = [];
    held = 0;
    total = { crc32: combineCrc32(total.crc32, crc32(block), block.length), size: total.size + block.length };
    return codec.compress(block);
  };
  yield codec.head();
  for await (const bytes of source) {
    // Copied, since the source may use its buffer again.
    waiting.push(Uint8Array.prototype.slice.call(bytes));
    held += bytes.length;
    if (held >= BLOCK) yield await flush();
  }
  if (held > 0) yield await flush();
  yield codec.tail(total);
}
