import type { Codec } from "./codec.ts";
import { gzipCodec } from "./gzip-codec.ts";
import { noneCodec } from "./none-codec.ts";
import { zstdCodec } from "./zstd-codec.ts";

/** A choice of compression. `level` by default is 5 for gzip and 3 for zstd; `none` has no levels. */
export interface Compression {
  readonly algorithm: Codec["algorithm"];
  readonly level?: number | undefined;
}

/** zlib's own default, 6, takes 1.75 times as long for 1.2 % less (docs/performance.md). */
const DEFAULT_GZIP = 5;

/** The codec for a choice. Throws `usage` for a level out of range, `unsupported` for zstd where there is none. */
export function codecFor(compression: Compression): Codec {
  switch (compression.algorithm) {
    case "none":
      return noneCodec;
    case "gzip":
      return gzipCodec(compression.level ?? DEFAULT_GZIP);
    case "zstd":
      return zstdCodec(compression.level ?? 3);
  }
}
