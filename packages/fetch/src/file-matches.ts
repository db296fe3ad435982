import { closeSync, openSync, readSync } from "node:fs";
import { IntegrityHash, parseIntegrity } from "./integrity.ts";

/** Whether there is a file with these bytes: `integrity` as of a download. Reads it all. */
export function fileMatches(path: string, integrity: string): boolean {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return false;
  }
  try {
    const hash = new IntegrityHash(parseIntegrity(integrity));
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read));
    return hash.mismatch() === undefined;
  } finally {
    closeSync(file);
  }
}
