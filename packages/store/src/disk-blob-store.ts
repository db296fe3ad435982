import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, rmSync, type Stats, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { ImgbuildError, systemCode } from "@imgbuild/errors";
import { type Digest, digestFromSha256, digestOf, isDigest } from "@imgbuild/oci";
import { blobPath, listBlobs, placeBlob, setAside } from "./blob-directory.ts";
import { digestOfFile, readAt, syncDirectoryOf } from "./blob-file.ts";
import type { BlobStore, BlobWriter } from "./blob-store.ts";
import { DiskBlobWriter } from "./disk-blob-writer.ts";
import type { KnownBlobs } from "./known-blobs.ts";
import type { Layout } from "./layout.ts";
import { storeError } from "./store-error.ts";
import { tempName } from "./temp-name.ts";

const DEFAULT_PIECE = 1 << 20;
const REFRESH_MS = 30 * 60_000;

/** What the blob store must know of the world. */
export interface DiskBlobStoreOptions {
  readonly layout: Layout;
  readonly known: KnownBlobs;
  readonly pid: number;
  /** Milliseconds since 1970, comparable with file times. */
  now(): number;
}

interface OpenBlob {
  readonly digest: Digest;
  readonly path: string;
  readonly fd: number;
  readonly stat: Stats;
}

/** Blobs as files named for their digest. What is known to be whole is in {@link KnownBlobs}. */
export class DiskBlobStore implements BlobStore {
  readonly #options: DiskBlobStoreOptions;

  constructor(options: DiskBlobStoreOptions) {
    this.#options = options;
  }

  size(digest: Digest): number | undefined {
    if (!isDigest(digest)) return undefined;
    const path = blobPath(this.#options.layout, digest);
    const stat = this.#explained(() => statSync(path, { throwIfNoEntry: false }));
    if (stat === undefined) return undefined;
    if (stat.isFile() && this.#options.known.isWhole(digest, stat)) return stat.size;
    try {
      return this.#using(digest, (blob) => this.#checked(blob));
    } catch (error) {
      if (error instanceof ImgbuildError && (error.code === "integrity" || error.code === "not-found"))
        return undefined;
      throw error;
    }
  }

  read(digest: Digest): Buffer {
    return this.#using(digest, (blob) => {
      const bytes = Buffer.allocUnsafeSlow(blob.stat.size);
      if (readAt(blob.fd, bytes, 0) !== bytes.length) throw this.#corrupt(blob, "it is shorter than it was");
      this.#accept(blob, digestOf(bytes));
      return bytes;
    });
  }

  slice(digest: Digest, offset: number, length: number): Buffer {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
      throw new ImgbuildError("internal", `Cannot read ${length} bytes at ${offset} of a blob: wanted whole numbers`);
    }
    return this.#using(digest, (blob) => {
      const size = this.#checked(blob);
      // The blob is whole; it is the place that is wrong.
      if (offset + length > size) {
        const range = `bytes ${offset} to ${offset + length}`;
        throw new ImgbuildError("integrity", `Cannot read ${range} of the blob "${digest}": it has ${size} bytes`);
      }
      const bytes = Buffer.allocUnsafeSlow(length);
      if (readAt(blob.fd, bytes, offset) !== length) throw this.#corrupt(blob, "it is shorter than it was");
      return bytes;
    });
  }

  *stream(digest: Digest, pieceSize: number = DEFAULT_PIECE): Iterable<Buffer> {
    if (!Number.isSafeInteger(pieceSize) || pieceSize < 1) {
      throw new ImgbuildError("internal", `Cannot read a blob in pieces of ${pieceSize} bytes: wanted 1 or more`);
    }
    const blob = this.#open(digest);
    try {
      const { size } = blob.stat;
      const hash = createHash("sha256");
      for (let offset = 0; offset < size; ) {
        const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, size - offset));
        const count = this.#explained(() => readAt(blob.fd, piece, offset));
        if (count !== piece.length) throw this.#corrupt(blob, "it is shorter than it was");
        hash.update(piece);
        offset += count;
        // Before the last piece is given: who has it all may rely on it.
        if (offset === size) this.#accept(blob, digestFromSha256(hash.digest("hex")));
        yield piece;
      }
      if (size === 0) this.#accept(blob, digestOf(""));
    } finally {
      closeSync(blob.fd);
    }
  }

  put(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    if (this.size(digest) !== undefined) {
      this.#refresh(digest);
      return digest;
    }
    const writer = this.#writer({ digest });
    writer.write(bytes);
    return writer.commit().digest;
  }

  writer(): BlobWriter {
    return this.#writer({});
  }
  *list(): Iterable<Digest> {
    for (const entry of listBlobs(this.#options.layout)) if ("digest" in entry) yield entry.digest;
  }

  remove(digest: Digest): void {
    if (!isDigest(digest)) return;
    this.#options.known.forget(digest);
    this.#explained(() => rmSync(blobPath(this.#options.layout, digest), { force: true, recursive: true }));
  }

  /** What is wrong with a blob, by its bytes; undefined when it is whole or gone. Changes nothing. */
  problem(digest: Digest): { readonly problem: string | undefined; readonly size: number } {
    const { layout, known } = this.#options;
    const expected = known.size(digest);
    const stat = statSync(blobPath(layout, digest), { throwIfNoEntry: false });
    if (stat === undefined) return { problem: undefined, size: 0 };
    if (!stat.isFile()) return { problem: "it is not a file", size: 0 };
    const fd = openSync(blobPath(layout, digest), "r");
    try {
      const found = digestOfFile(fd);
      if (found.digest === digest) return { problem: undefined, size: found.size };
      const wrongSize = expected !== undefined && expected !== found.size;
      const problem = wrongSize
        ? `it has ${found.size} bytes, wanted ${expected}`
        : `its bytes have digest ${found.digest}`;
      return { problem, size: found.size };
    } finally {
      closeSync(fd);
    }
  }

  /** Moves a blob to the quarantine. */
  setAside(digest: Digest): void {
    this.#options.known.forget(digest);
    this.#explained(() => setAside(this.#options.layout, blobPath(this.#options.layout, digest)));
  }

  #open(digest: Digest): OpenBlob {
    const { layout, known } = this.#options;
    if (!isDigest(digest)) throw this.#notFound(digest);
    const path = blobPath(layout, digest);
    let fd: number;
    try {
      fd = openSync(path, "r");
    } catch (error) {
      throw systemCode(error) === "ENOENT" ? this.#notFound(digest) : storeError(error, layout.directory);
    }
    try {
      const blob = { digest, path, fd, stat: fstatSync(fd) };
      if (!blob.stat.isFile()) throw this.#corrupt(blob, "it is not a file");
      const expected = known.size(digest);
      if (expected === undefined || expected === blob.stat.size) return blob;
      throw this.#corrupt(blob, `it has ${blob.stat.size} bytes, wanted ${expected}`);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  #using<T>(digest: Digest, action: (blob: OpenBlob) => T): T {
    const blob = this.#open(digest);
    try {
      return this.#explained(() => action(blob));
    } finally {
      closeSync(blob.fd);
    }
  }

  #writer(known: { readonly digest?: Digest }): DiskBlobWriter {
    const { layout, pid } = this.#options;
    return new DiskBlobWriter({
      ...known,
      tempPath: join(layout.blobs, tempName(pid)),
      keep: (tempPath, digest, size) => this.#keep(tempPath, digest, size),
      explain: (error) => storeError(error, layout.directory),
    });
  }

  /** The size of a blob that is whole: known to be, or found to be now. */
  #checked(blob: OpenBlob): number {
    if (!this.#options.known.isWhole(blob.digest, blob.stat)) this.#accept(blob, digestOfFile(blob.fd).digest);
    return blob.stat.size;
  }

  #accept(blob: OpenBlob, found: Digest): void {
    if (found !== blob.digest) throw this.#corrupt(blob, `its bytes have digest "${found}"`);
    this.#options.known.add(blob.digest, blob.stat);
  }

  #corrupt(blob: OpenBlob, what: string): ImgbuildError {
    this.#options.known.forget(blob.digest);
    this.#explained(() => setAside(this.#options.layout, blob.path, blob.stat));
    return new ImgbuildError("integrity", `Cannot read the blob "${blob.digest}": ${what}`, {
      hint: "Run the command again: the blob was set aside and will be made anew",
    });
  }

  #notFound(digest: Digest): ImgbuildError {
    const { directory } = this.#options.layout;
    return new ImgbuildError("not-found", `Cannot read the blob "${digest}": it is not in the cache "${directory}"`);
  }

  #keep(tempPath: string, digest: Digest, size: number): void {
    const { layout, known } = this.#options;
    const path = blobPath(layout, digest);
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isFile() && there.size === size && known.isWhole(digest, there)) {
      rmSync(tempPath, { force: true });
      this.#refresh(digest);
      return;
    }
    syncDirectoryOf(placeBlob(layout, tempPath, digest));
    known.add(digest, statSync(path));
  }

  /** Makes a blob that was asked for again young, so that `gc` spares it until a trace names it. */
  #refresh(digest: Digest): void {
    const path = blobPath(this.#options.layout, digest);
    const now = this.#options.now();
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stat.mtimeMs > now - REFRESH_MS) return;
    this.#explained(() => utimesSync(path, now / 1000, now / 1000));
  }

  #explained<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw storeError(error, this.#options.layout.directory);
    }
  }
}
