import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { fromUnknown, ImgbuildError } from "@imgbuild/errors";
import type { LayerContent } from "@imgbuild/image";

const PIECE = 1 << 20;

/** The bytes of an archive, wherever they are. The opener closes it. */
export class ArchiveFile {
  readonly size: number;
  readonly #content: LayerContent | undefined;
  readonly #file: number | undefined;

  /** Undefined content is an empty file. Throws `input-changed` when a file of the workspace is gone. */
  constructor(content: LayerContent | undefined) {
    this.#content = content;
    this.size = content?.size ?? 0;
    try {
      this.#file = content?.kind === "disk" ? openSync(content.path, "r") : undefined;
    } catch (error) {
      throw new ImgbuildError("input-changed", "Cannot read the archive: it was there a moment ago", {
        cause: fromUnknown(error, "Cannot read the archive"),
      });
    }
  }

  /** Bytes from an offset, fewer at the end. */
  read(offset: number, length: number): Uint8Array {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    const content = this.#content;
    if (content === undefined || wanted === 0) return Buffer.alloc(0);
    if (content.kind === "bytes") return content.bytes.subarray(offset, offset + wanted);
    if (content.kind === "stored") return content.slice(offset, wanted);
    const bytes = Buffer.allocUnsafe(wanted);
    for (let at = 0; at < wanted; ) {
      const read = readSync(this.#file ?? -1, bytes, at, wanted - at, offset + at);
      if (read === 0) throw changed(content.path);
      at += read;
    }
    return bytes;
  }

  /** All bytes in order. Throws `input-changed` at the end when they are not those that the key was made of. */
  async *stream(onBytes: (done: number) => void): AsyncGenerator<Uint8Array, void, undefined> {
    const content = this.#content;
    // The store checks its own blobs.
    const hash: Hash | undefined = content?.kind === "disk" ? createHash("sha256") : undefined;
    for (let at = 0; at < this.size; at += PIECE) {
      const piece = this.read(at, PIECE);
      hash?.update(piece);
      yield piece;
      onBytes(Math.min(at + PIECE, this.size));
    }
    if (content?.kind === "disk" && hash?.digest("hex") !== content.sha256) throw changed(content.path);
  }

  /** Reads all, to know that it is what the key was made of. */
  async check(): Promise<void> {
    if (this.#content?.kind !== "disk") return;
    for await (const _ of this.stream(() => undefined));
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

function changed(path: string): ImgbuildError {
  return new ImgbuildError("input-changed", `Cannot unpack "${path}": its content changed since it was hashed`, {
    hint: "Wait until nothing writes to it, and run the command again",
  });
}
