import { createHash, type Hash, hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { fromUnknown, ImgbuildError } from "@imgbuild/errors";
import type { LayerContent } from "./layer-entry.ts";
import { type ContentPart, MAX_BLOCK, type PlannedBlock } from "./plan-blocks.ts";

/** The whole content of a file, to be read into a block. */
export interface FileRead {
  readonly content: LayerContent & { readonly kind: "disk" };
  /** Where it goes: `content.size` bytes, `at` bytes after the start of the block. */
  readonly into: Buffer;
  readonly at: number;
}

/** A large file that is read block by block, hashed on the way. */
interface OpenFile {
  readonly content: LayerContent & { readonly kind: "disk" };
  readonly file: number;
  readonly hash: Hash;
  offset: number;
}

/**
 * Fills planned blocks with bytes. Every content is checked against the digest its key was made of; another one throws
 * `input-changed`, so that a torn file is never stored. Blocks of a large file are asked for in order, not necessarily all;
 * `finish` checks the last one. The owner calls `close`.
 */
export class BlockReader {
  #open: OpenFile | undefined;

  /**
   * Writes the bytes of `block` to the start of `into`, which is at least as long. With `later`, whole files are not read
   * but added there.
   */
  read(block: PlannedBlock, into: Buffer, later?: FileRead[]): void {
    let at = 0;
    for (const part of block.parts) {
      if (part instanceof Uint8Array) into.set(part, at);
      else this.#content(part, { into: into.subarray(at, at + part.length), at, later });
      at += part.length;
    }
  }

  /** Reads a whole file, and checks it. */
  readFile({ content, into }: FileRead): void {
    const file = open(content.path);
    let length = 0;
    try {
      // One byte more than there should be, so that a call is enough to see the end.
      for (let count = -1; count !== 0 && length < into.length; length += count)
        count = readSync(file, SCRATCH, length, into.length + 1 - length, null);
    } finally {
      closeSync(file);
    }
    const found = SCRATCH.subarray(0, length);
    if (length !== content.size || hash("sha256", found, "hex") !== content.sha256) throw torn(content.path);
    into.set(found);
  }

  /** Reads what is left of a large file that was begun, and checks its digest. */
  finish(): void {
    const current = this.#open;
    if (current === undefined) return;
    this.#skipTo(current, current.content.size);
    const more = readSync(current.file, SCRATCH, 0, 1, null);
    this.close();
    if (more !== 0 || current.hash.digest("hex") !== current.content.sha256) throw torn(current.content.path);
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.file);
    this.#open = undefined;
  }

  #content(part: ContentPart, to: Pick<FileRead, "into" | "at"> & { readonly later: FileRead[] | undefined }): void {
    const { content, offset, length } = part;
    const { into, at, later } = to;
    if (content.kind === "bytes") into.set(content.bytes.subarray(offset, offset + length));
    // The store checks its blobs; a range of one needs no second look.
    else if (content.kind === "stored") into.set(content.slice(offset, length));
    else if (length < content.size) this.#next(content, offset, into);
    else if (later === undefined) this.readFile({ content, into, at });
    else later.push({ content, into, at });
  }

  #next(content: LayerContent & { readonly kind: "disk" }, offset: number, into: Buffer): void {
    if (this.#open?.content !== content) {
      this.finish();
      this.#open = { content, file: open(content.path), hash: createHash("sha256"), offset: 0 };
    }
    const current = this.#open;
    this.#skipTo(current, offset);
    fill(current.file, content, into);
    current.hash.update(into);
    current.offset += into.length;
    if (current.offset === content.size) this.finish();
  }

  /** Blocks that came from the store leave gaps; the digest needs their bytes all the same. */
  #skipTo(current: OpenFile, offset: number): void {
    while (current.offset < offset) {
      const piece = SCRATCH.subarray(0, Math.min(SCRATCH.length, offset - current.offset));
      fill(current.file, current.content, piece);
      current.hash.update(piece);
      current.offset += piece.length;
    }
  }
}

/** A whole file that fits into a block, and a byte. */
const SCRATCH = Buffer.allocUnsafeSlow(MAX_BLOCK + 1);

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw new ImgbuildError("input-changed", `Cannot pack "${path}": it was there a moment ago`, {
      hint: "Wait until nothing writes to it, and run the command again",
      cause: fromUnknown(error, `Cannot read "${path}"`),
    });
  }
}

function fill(file: number, content: LayerContent & { readonly kind: "disk" }, into: Buffer): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(file, into, at, into.length - at, null);
    if (read === 0) throw torn(content.path);
    at += read;
  }
}

export function torn(path: string): ImgbuildError {
  return new ImgbuildError("input-changed", `Cannot pack "${path}": its content changed since it was hashed`, {
    hint: "Wait until nothing writes to it, and run the command again",
  });
}
