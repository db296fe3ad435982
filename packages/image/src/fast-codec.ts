import { type Codec, codecFor, zstdAvailable } from "@imgbuild/tar";

/**
 * The compression that blocks are kept in when nobody asked for a form: fast zstd, or none where this Node has no zstd.
 * Never sent anywhere, so its bytes need not agree between machines (ARCHITECTURE.md, D4).
 */
export function fastCodec(): Codec {
  return zstdAvailable() ? codecFor({ algorithm: "zstd", level: 1 }) : codecFor({ algorithm: "none" });
}
