import type { Digest } from "@imgbuild/oci";

/**
 * Bytes by digest, on disk. Writes are atomic: temporary file in the same directory, fsync, rename. A blob is never
 * changed; putting one that is there is a no-op. Many processes may use one store.
 */
export interface BlobStore {
  /** Size in bytes of a blob that is present and whole by size; undefined otherwise. */
  size(digest: Digest): number | undefined;
  /** All bytes. Throws `not-found`, or `integrity` when size or digest is wrong (the blob is then set aside: a later `size` says undefined). */
  read(digest: Digest): Buffer;
  /** Bytes `[offset, offset + length)`. Checks the size of the blob, and its digest once per unclean shutdown. Throws like `read`. */
  slice(digest: Digest, offset: number, length: number): Buffer;
  /** The bytes in pieces of at most `pieceSize` (default 1 MiB), verified: a wrong digest throws `integrity` before the last piece is given. */
  stream(digest: Digest, pieceSize?: number): Iterable<Buffer>;
  /** Stores `bytes`, durable when it returns. */
  put(bytes: Uint8Array): Digest;
  /** Starts a blob of unknown digest. The caller must `commit` or `abort` it. */
  writer(): BlobWriter;
  /** Every digest present, in no order. */
  list(): Iterable<Digest>;
  /** Removes a blob; nothing happens when it is absent. */
  remove(digest: Digest): void;
}

/** A blob being written. */
export interface BlobWriter {
  /** Appends bytes (written before it returns; the buffer may be reused). Throws `disk-full`. */
  write(bytes: Uint8Array): void;
  /** Bytes written so far. */
  readonly size: number;
  /** Makes the blob durable and visible; with `expected`, throws `integrity` (and aborts) when the digest differs. */
  commit(expected?: Digest): { readonly digest: Digest; readonly size: number };
  /** Drops what was written. Safe to call after `commit` or twice. */
  abort(): void;
}
