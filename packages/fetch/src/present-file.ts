import { createReadStream, existsSync, rmSync } from "node:fs";
import { fromUnknown } from "@imgbuild/errors";
import type { Digest } from "@imgbuild/oci";
import { type Integrity, IntegrityHash } from "./integrity.ts";

/**
 * A file that an earlier download left, if it has the hash that is wanted; one that has not is removed. Undefined where there is
 * none, or no hash to tell.
 */
export async function presentFile(
  path: string,
  integrity: Integrity | undefined,
): Promise<{ readonly size: number; readonly sha256: Digest } | undefined> {
  if (integrity === undefined || !existsSync(path)) return undefined;
  const hash = new IntegrityHash(integrity);
  let size = 0;
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>) {
      hash.update(piece);
      size += piece.length;
    }
    if (hash.mismatch() === undefined) return { size, sha256: hash.digest() };
    rmSync(path, { force: true });
    return undefined;
  } catch (error) {
    throw fromUnknown(error, `Cannot read "${path}"`);
  }
}
