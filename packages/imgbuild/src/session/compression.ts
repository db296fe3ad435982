import { ImgbuildError } from "@imgbuild/errors";
import type { Compression } from "@imgbuild/tar";

const ALGORITHMS = { none: "none", gz: "gzip", gzip: "gzip", zstd: "zstd", zst: "zstd" } as const;

/** Reads `gz`, `zstd:3` or `none`. Throws `usage`. */
export function parseCompression(text: string): Compression {
  const [name = "", level, ...more] = text.split(":");
  const algorithm = ALGORITHMS[name as keyof typeof ALGORITHMS];
  if (algorithm === undefined || more.length > 0 || (level !== undefined && !/^\d+$/.test(level))) {
    throw new ImgbuildError(
      "usage",
      `Cannot use the compression ${JSON.stringify(text)}: wanted none, gz or zstd, with a level as in zstd:3`,
      {
        hint: "Write for example --compression gz:9",
      },
    );
  }
  return level === undefined ? { algorithm } : { algorithm, level: Number(level) };
}
