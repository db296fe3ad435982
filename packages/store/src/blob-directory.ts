import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "@imgbuild/errors";
import { type Digest, digestFromSha256, hexOf } from "@imgbuild/oci";
import type { Layout } from "./layout.ts";
import { pidOfTemp } from "./temp-name.ts";

const SHARD = /^[0-9a-f]{2}$/;
const HEX = /^[0-9a-f]{64}$/;

/** Where a blob is. The digest must be a valid one. */
export function blobPath(layout: Layout, digest: Digest): string {
  const hex = hexOf(digest);
  return join(layout.blobs, hex.slice(0, 2), hex);
}

/** Renames a temporary file to its blob, replacing what is there in one step. */
export function placeBlob(layout: Layout, tempPath: string, digest: Digest): string {
  const path = blobPath(layout, digest);
  try {
    renameSync(tempPath, path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") mkdirSync(join(path, ".."), { recursive: true });
    else if (code === "EISDIR") setAside(layout, path);
    else throw error;
    renameSync(tempPath, path);
  }
  return path;
}

/**
 * Moves a file to the quarantine; never unlinks it, since somebody may be reading it. With `seen`, only if it is still
 * the file that was looked at: another process may have healed it meanwhile.
 */
export function setAside(layout: Layout, path: string, seen?: Stats): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (seen !== undefined && (stat.ino !== seen.ino || stat.size !== seen.size || stat.mtimeMs !== seen.mtimeMs)) return;
  mkdirSync(layout.quarantine, { recursive: true });
  try {
    renameSync(path, join(layout.quarantine, `blob-${randomBytes(8).toString("hex")}`));
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

/** What is in the blob directories: blobs, and paths of files that are neither blobs nor temporary. */
export function* listBlobs(layout: Layout): Iterable<{ readonly digest: Digest } | { readonly strange: string }> {
  for (const shard of namesIn(layout.blobs)) {
    const directory = join(layout.blobs, shard);
    if (!SHARD.test(shard)) {
      if (pidOfTemp(shard) === undefined) yield { strange: directory };
      continue;
    }
    for (const name of namesIn(directory)) {
      const valid = HEX.test(name) && name.startsWith(shard);
      yield valid ? { digest: digestFromSha256(name) } : { strange: join(directory, name) };
    }
  }
}

/** Names in a directory; none when it is absent or no directory. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
