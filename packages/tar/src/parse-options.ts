import type { ImgbuildError } from "@imgbuild/errors";

/** Bounds on what an archive may make us do. Beyond one the reader throws `invalid-archive`. */
export interface TarLimits {
  /** Members of one archive. Default 4,000,000. */
  readonly maxEntries?: number | undefined;
  /** Bytes of one PAX header, long name or sparse map. Default 1 MiB. */
  readonly maxMetaBytes?: number | undefined;
  /** Zero bytes that the holes of all sparse members stand for. Default 64 GiB; 256 MiB for `readTarSync`. */
  readonly maxHoleBytes?: number | undefined;
}

/** How to read an archive. */
export interface ReadTarOptions {
  readonly limits?: TarLimits | undefined;
  /**
   * What to do with a name that is not UTF-8, which no string can hold: `refuse` (the default) throws
   * `invalid-archive`; `replace` puts U+FFFD, so that two members may get one name.
   */
  readonly nonUtf8?: "refuse" | "replace" | undefined;
}

/** Makes the error for what is wrong at the present place. */
export type Fault = (reason: string) => ImgbuildError;

export const DEFAULT_LIMITS = { maxEntries: 4_000_000, maxMetaBytes: 2 ** 20, maxHoleBytes: 2 ** 36 };
