import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { type Digest, digestFromSha256 } from "@imgbuild/oci";

const PIECE = 1 << 20;
const LARGEST_CALL = 1 << 30;

/** Reads into all of `target` from `position`; says how many bytes there were. */
export function readAt(fd: number, target: Buffer, position: number): number {
  let done = 0;
  while (done < target.length) {
    const length = Math.min(target.length - done, LARGEST_CALL);
    const count = readSync(fd, target, done, length, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Writes all of `bytes` at the end of what was written. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    done += writeSync(fd, bytes, done, Math.min(bytes.length - done, LARGEST_CALL));
  }
}

/** Digest and size of all that is in an open file. */
export function digestOfFile(fd: number): { readonly digest: Digest; readonly size: number } {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(PIECE);
  let size = 0;
  for (;;) {
    const count = readSync(fd, piece, 0, PIECE, size);
    if (count === 0) return { digest: digestFromSha256(hash.digest("hex")), size };
    hash.update(count === PIECE ? piece : piece.subarray(0, count));
    size += count;
  }
}

/** Makes a rename into the directory of `path` durable, where the system can. */
export function syncDirectoryOf(path: string): void {
  let fd: number;
  try {
    fd = openSync(dirname(path), "r");
  } catch {
    return;
  }
  try {
    fsyncSync(fd);
  } catch {
    // Windows and some network file systems cannot; a lost rename is a blob that is absent, which is made again.
  } finally {
    closeSync(fd);
  }
}
