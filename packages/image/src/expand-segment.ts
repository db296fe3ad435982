import { ImgbuildError } from "@imgbuild/errors";
import type { Segment, Store } from "@imgbuild/store";
import { type Codec, crc32 } from "@imgbuild/tar";

/** The bytes of a stored block, checked by size and CRC-32. Throws `integrity` or `not-found`. */
export async function expandSegment(
  store: Store,
  what: { readonly segment: Segment; readonly codec: Codec; readonly size: number },
): Promise<Buffer> {
  const { segment, codec, size } = what;
  const bytes = await codec.expand(store.blobs.slice(segment.blob, segment.offset, segment.length), size);
  if (bytes.length === size && crc32(bytes) === segment.crc32) return bytes;
  throw new ImgbuildError("integrity", `Cannot read a block of ${segment.blob}: its bytes are damaged`, {
    hint: "Run `imgbuild cache verify --repair`, then build again",
  });
}
