import type { BlobWriter, Segment, Store } from "@imgbuild/store";
import type { Codec } from "@imgbuild/tar";

/** Collects compressed blocks into one blob of the store, so that they are found again one by one. */
export class SegmentWriter {
  readonly #store: Store;
  readonly #codec: Codec;
  readonly #segments = new Map<string, Omit<Segment, "blob">>();
  #writer: BlobWriter | undefined;

  constructor(store: Store, codec: Codec) {
    this.#store = store;
    this.#codec = codec;
  }

  /** Whether a block with this id was added before. */
  has(id: string): boolean {
    return this.#segments.has(id);
  }

  get count(): number {
    return this.#segments.size;
  }

  /** Adds the compressed bytes of a block; a block that was added before is not written again. */
  add(id: string, piece: { readonly bytes: Uint8Array; readonly crc32: number }): void {
    if (this.#segments.has(id)) return;
    this.#writer ??= this.#store.blobs.writer();
    this.#segments.set(id, { offset: this.#writer.size, length: piece.bytes.length, crc32: piece.crc32 });
    this.#writer.write(piece.bytes);
  }

  /** Makes the blob durable, then the blocks known; its digest, or undefined when nothing was added. */
  commit(): string | undefined {
    if (this.#writer === undefined) return undefined;
    const blob = this.#writer.commit().digest;
    this.#store.segments.addAll(
      this.#codec.id,
      new Map([...this.#segments].map(([id, part]) => [id, { ...part, blob }])),
    );
    return blob;
  }

  /** Drops what was not committed. */
  abort(): void {
    this.#writer?.abort();
  }
}
