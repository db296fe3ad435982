import { readChoice, readInteger, readOptions } from "./options.ts";
import type { Problem } from "./problem.ts";

/** How archives and OCI layers of an image are compressed, with a level. */
export interface CompressionOptions {
  readonly algorithm: "none" | "gz" | "zstd";
  /** 1 to 9 for `gz` (default 5), 1 to 19 for `zstd` (default 3). */
  readonly level?: number;
}

const ALGORITHMS = ["gz", "none", "zstd"] as const;
const MOST = { gz: 9, zstd: 19, none: 0 } as const;

/** `gz`, or with a level `gz:9`: of `compressor`, or of `compression`. */
export function readCompressor(given: Readonly<Record<string, unknown>>, problems: Problem[]): string {
  const compressor = readChoice(given.compressor, ALGORITHMS, { path: "compressor", fallback: "gz", problems });
  if (given.compression === undefined || given.compression === null) return compressor;
  if (given.compressor !== undefined) {
    const hint = 'Keep compression: it may say { algorithm: "zstd", level: 19 }';
    problems.push({ path: "compressor", text: "is given beside compression, wanted one of them", hint });
  }
  const inner: Problem[] = [];
  const { algorithm: name, level } = readOptions(given.compression, ["algorithm", "level"], inner);
  if (name === undefined && inner.length === 0)
    inner.push({ path: "algorithm", text: 'is missing, wanted "gz", "none" or "zstd"' });
  const algorithm = readChoice(name, ALGORITHMS, { path: "algorithm", fallback: "gz", problems: inner });
  const most = MOST[algorithm];
  const wanted = most === 0 ? "none: there is nothing to compress" : `a level from 1 to ${most}`;
  const read = readInteger(level, null, { path: "level", max: most, wanted, problems: inner });
  if (read === 0 && level !== undefined) inner.push({ path: "level", text: `is the number 0, wanted ${wanted}` });
  problems.push(
    ...inner.map((problem) => ({ ...problem, path: ["compression", problem.path].filter(Boolean).join(".") })),
  );
  return read === null ? algorithm : `${algorithm}:${read}`;
}
