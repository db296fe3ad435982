import { ImgbuildError } from "@imgbuild/errors";
import { didYouMean } from "@imgbuild/graph";
import { type Compression, codecFor, loadZstd } from "@imgbuild/tar";

const ALGORITHMS: Readonly<Record<string, Compression["algorithm"]>> = {
  gz: "gzip",
  gzip: "gzip",
  zstd: "zstd",
  zst: "zstd",
  none: "none",
};

/** Reads `gz`, `zstd:19`, `none`. Throws `usage`. */
export function parseCompression(text: string): Compression {
  const [name = "", level, ...more] = text.split(":");
  const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
  const isLevel = level === undefined || /^\d{1,2}$/.test(level);
  if (algorithm === undefined || !isLevel || more.length > 0 || (algorithm === "none" && level !== undefined)) {
    const near = algorithm === undefined ? didYouMean(name, ["gz", "zstd", "none"]) : "";
    throw new ImgbuildError("usage", `Cannot use --compression ${JSON.stringify(text)}: wanted gz, zstd or none${near}`, {
      hint: "Write --compression gz, zstd:19 or none; a level follows a colon",
    });
  }
  return level === undefined ? { algorithm } : { algorithm, level: Number(level) };
}

/** The compression that a target's `compressor` stands for. */
export function compressionOf(compressor: "none" | "gz" | "zstd"): Compression {
  return parseCompression(compressor);
}

/** Checks now that this machine has the algorithm and the level. Throws `usage` or `unsupported`. */
export async function checkCompression(compression: Compression): Promise<void> {
  if (compression.algorithm === "zstd") await loadZstd();
  codecFor(compression);
}
