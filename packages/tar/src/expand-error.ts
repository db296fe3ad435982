import { ImgbuildError } from "@imgbuild/errors";

/** The error for a segment that does not give back its block. */
export function expandError(algorithm: string, reason: string, cause?: unknown): ImgbuildError {
  return new ImgbuildError("integrity", `Cannot expand a ${algorithm} block: ${reason}`, { cause });
}

/** `block` if it has the size it was promised to have; else throws `integrity`. */
export function checkedSize(block: Buffer, size: number, algorithm: string): Buffer {
  if (block.length !== size) throw expandError(algorithm, `it has ${block.length} bytes, wanted ${size}`);
  return block;
}

/** Throws `usage` for a level that the algorithm does not have. */
export function checkLevel(algorithm: string, level: number, highest: number): void {
  if (Number.isInteger(level) && level >= 1 && level <= highest) return;
  throw new ImgbuildError("usage", `Cannot compress with ${algorithm} at level ${level}: wanted 1 to ${highest}`);
}
