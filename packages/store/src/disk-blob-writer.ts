import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { ImgbuildError, systemCode } from "@imgbuild/errors";
import { type Digest, digestFromSha256 } from "@imgbuild/oci";
import { writeAll } from "./blob-file.ts";
import type { BlobWriter } from "./blob-store.ts";

/** What a writer needs of its store. */
export interface DiskBlobWriterOptions {
  /** A new file in the file system of the blobs. */
  readonly tempPath: string;
  /** The digest of what will be written, if that is known: then it is not computed again. */
  readonly digest?: Digest;
  /** Gives the synced temporary file its name, or drops it when that blob is there. */
  keep(tempPath: string, digest: Digest, size: number): void;
  /** Any failure in words for the user. */
  explain(error: unknown): ImgbuildError;
}

/** A blob that is written to a temporary file and hashed on the way. */
export class DiskBlobWriter implements BlobWriter {
  readonly #options: DiskBlobWriterOptions;
  readonly #hash: Hash | undefined;
  #fd: number | undefined;
  #size = 0;

  constructor(options: DiskBlobWriterOptions) {
    this.#options = options;
    this.#hash = options.digest === undefined ? createHash("sha256") : undefined;
    try {
      this.#fd = openNew(options.tempPath);
    } catch (error) {
      throw options.explain(error);
    }
  }

  get size(): number {
    return this.#size;
  }

  write(bytes: Uint8Array): void {
    this.#orAbort(() => {
      writeAll(this.#openFd(), bytes);
      this.#hash?.update(bytes);
      this.#size += bytes.length;
    });
  }

  commit(expected?: Digest): { readonly digest: Digest; readonly size: number } {
    return this.#orAbort(() => {
      const fd = this.#openFd();
      const digest = this.#options.digest ?? digestFromSha256(this.#hash?.digest("hex") ?? "");
      if (expected !== undefined && digest !== expected) {
        throw new ImgbuildError("integrity", `Cannot store the blob "${expected}": the bytes have digest "${digest}"`);
      }
      fsyncSync(fd);
      this.#close();
      this.#options.keep(this.#options.tempPath, digest, this.#size);
      return { digest, size: this.#size };
    });
  }

  abort(): void {
    if (this.#fd === undefined) return;
    this.#drop();
  }

  #openFd(): number {
    if (this.#fd !== undefined) return this.#fd;
    throw new ImgbuildError("internal", "Cannot write to a blob: it was committed or aborted");
  }

  #close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    closeSync(fd);
  }

  #orAbort<T>(action: () => T): T {
    const wasOpen = this.#fd !== undefined;
    try {
      return action();
    } catch (error) {
      if (wasOpen) this.#drop();
      throw this.#options.explain(error);
    }
  }

  #drop(): void {
    try {
      this.#close();
    } catch {
      // The first failure is the one to tell; the descriptor is gone either way.
    }
    rmSync(this.#options.tempPath, { force: true });
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, "wx", 0o644);
  } catch (error) {
    // Somebody removed the cache while it was open.
    if (systemCode(error) !== "ENOENT") throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, "wx", 0o644);
  }
}
