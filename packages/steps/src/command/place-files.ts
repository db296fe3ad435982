import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { fromUnknown, ImgbuildError, systemCode } from "@imgbuild/errors";
import { type LayerContent, type LayerEntry, readPieces } from "@imgbuild/image";
import { parentOf } from "../tree/follow-links.ts";

/** Where files go, and whence. */
export interface PlaceOptions {
  /** Exists, and is empty. */
  readonly directory: string;
  /**
   * A directory of files by content, made as they are needed: what is in the store is written there once, and is a hard link
   * wherever it is placed. Undefined where a command could change what others have.
   */
  readonly pool: string | undefined;
  readonly signal: AbortSignal;
}

/** Entries between two moments in which others get their turn. */
const AT_ONCE = 200;
const PIECE = 1 << 20;
/** Seconds: the modification time of every file. */
const MTIME = 1;

/**
 * Writes files, directories and links of the user who runs this, parents first, with the modes of their headers. What is read of the
 * workspace must be what it was when it was hashed: else `input-changed`. Throws `disk-full`, `io`, `cancelled`.
 */
export async function placeFiles(entries: readonly LayerEntry[], options: PlaceOptions): Promise<void> {
  const { directory, signal } = options;
  const directories = new Set([""]);
  let count = 0;
  try {
    for (const entry of entries) {
      if (++count % AT_ONCE === 0) await breathe();
      if (signal.aborted) throw new ImgbuildError("cancelled", "Cancelled while the inputs of a command were placed");
      const { path, type } = entry.header;
      const parent = parentOf(path);
      // Through a link one would write elsewhere on this machine.
      if (!directories.has(parent))
        throw new ImgbuildError("conflict", `Cannot place "/${path}": "/${parent}" is no directory`);
      const target = path === "." ? directory : `${directory}/${path}`;
      if (type === "directory") {
        if (path !== ".") mkdirSync(target);
        directories.add(path);
        chmodSync(target, entry.header.mode);
      } else if (type === "symlink") symlinkSync(entry.header.linkname, target);
      else placeFile(entry, target, options);
    }
  } catch (error) {
    throw fromUnknown(error, "Cannot place the inputs of a command");
  }
}

function placeFile({ header, content }: LayerEntry, target: string, { pool }: PlaceOptions): void {
  if (pool === undefined || content?.kind !== "stored") {
    writeFile(target, content, header.mode);
    return;
  }
  const pooled = `${pool}/${content.sha256.slice(0, 2)}/${content.sha256}-${header.mode.toString(8)}`;
  if (!isWhole(pooled, content.size, header.mode)) {
    mkdirSync(dirname(pooled), { recursive: true });
    // Where two write the same at once, the later takes the place of the former.
    const fresh = `${target}.new`;
    writeFile(fresh, content, header.mode);
    renameSync(fresh, pooled);
  }
  try {
    linkSync(pooled, target);
  } catch (error) {
    // Too many links, or a collector took it: then it is a file of its own.
    if (!["EMLINK", "ENOENT"].includes(systemCode(error) ?? "")) throw error;
    writeFile(target, content, header.mode);
  }
}

/** Whether a file of the pool is as it was left: whoever writes to it changes its time. */
function isWhole(path: string, size: number, mode: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return (
    stat?.isFile() === true && stat.size === size && stat.mtimeMs === MTIME * 1000 && (stat.mode & 0o7777) === mode
  );
}

function writeFile(path: string, content: LayerContent | undefined, mode: number): void {
  const file = openSync(path, "wx");
  try {
    for (const piece of piecesOf(content)) for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
  } finally {
    closeSync(file);
  }
  chmodSync(path, mode);
  utimesSync(path, MTIME, MTIME);
}

function* piecesOf(content: LayerContent | undefined): Generator<Uint8Array> {
  if (content === undefined) return;
  if (content.kind === "bytes") yield content.bytes;
  else if (content.kind === "stored") {
    for (let at = 0; at < content.size; at += PIECE) yield content.slice(at, Math.min(PIECE, content.size - at));
  } else yield* checked(content);
}

function* checked(content: LayerContent & { readonly kind: "disk" }): Generator<Uint8Array> {
  const hash = createHash("sha256");
  try {
    for (const piece of readPieces(content.path, { follow: true })) {
      hash.update(piece);
      yield piece;
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") throw changed(content.path);
    throw error;
  }
  if (hash.digest("hex") !== content.sha256) throw changed(content.path);
}

function changed(path: string): ImgbuildError {
  return new ImgbuildError("input-changed", `Cannot give "${path}" to a command: it changed since it was hashed`, {
    hint: "Wait until nothing writes to it, and run the command again",
  });
}
