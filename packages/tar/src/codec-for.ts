import type { Codec } from "./codec.ts";
import { gzipCodec } from "./gzip-codec.ts";
import { noneCodec } from "./none-codec.ts";
import { zstdCodec } from "./zstd-codec.ts";

/** A choice of compression. `level` by default is 6 for gzip and 3 for zstd; `none` has no levels. */
export interface Compression {
  readonly algorithm: Codec["algorithm"];
  readonly level?: number | undefined;
}

/** The codec for a choice. Throws `usage` for a level out of range, `unsupported` for zstd where there is none. */
export function codecFor(compression: Compression): Codec {
  switch (compression.algorithm) {
    case "none":
      return noneCodec;
    case "gzip":
      return gzipCodec(compression.level ?? 6);
    case "zstd":
      return zstdCodec(compression.level ?? 3);
  }
}
