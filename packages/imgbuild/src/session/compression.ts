import { ImgbuildError } from "@imgbuild/errors";
import { type Compression, codecFor } from "@imgbuild/tar";

const ALGORITHMS: Readonly<Record<string, Compression["algorithm"]>> = {
  none: "none",
  gz: "gzip",
  gzip: "gzip",
  zstd: "zstd",
  zst: "zstd",
};

/** Reads `gz`, `zstd:3` or `none`. Throws `usage`, also for a level out of range; `unsupported` where there is no zstd. */
export function parseCompression(text: string): Compression {
  const [name = "", level, ...more] = text.split(":");
  const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
  const leveled = algorithm !== "none" || level === undefined;
  if (algorithm === undefined || !leveled || more.length > 0 || (level !== undefined && !/^\d+$/.test(level))) {
    throw new ImgbuildError(
      "usage",
      `Cannot use the compression ${JSON.stringify(text)}: wanted none, gz or zstd, with a level as in zstd:3`,
      {
        hint: "Write for example --compression gz:9",
      },
    );
  }
  const compression = level === undefined ? { algorithm } : { algorithm, level: Number(level) };
  codecFor(compression);
  return compression;
}
