import type { Digest } from "@imgbuild/oci";
import type { BlobWriter, Segment, Store } from "@imgbuild/store";
import { type Codec, combineCrc32 } from "@imgbuild/tar";

/** A compressed block to be kept. `size` and `crc32` are those of the block before compression. */
interface CompressedBlock {
  readonly bytes: Uint8Array;
  readonly crc32: number;
  readonly size: number;
}

/**
 * Collects compressed blocks into one blob of the store, so that they are found again one by one. Between head and tail of
 * the codec, so that the blob of a layer whose blocks are all new is the compressed layer.
 */
export class SegmentWriter {
  readonly #store: Store;
  readonly #codec: Codec;
  readonly #segments = new Map<string, Omit<Segment, "blob">>();
  #writer: BlobWriter | undefined;
  #total = { crc32: 0, size: 0 };

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

  /** Adds a block; one that was added before is not written again. */
  add(id: string, { bytes, crc32, size }: CompressedBlock): void {
    if (this.#segments.has(id)) return;
    const writer = this.#writer ?? this.#begin();
    this.#segments.set(id, { offset: writer.size, length: bytes.length, crc32 });
    this.#total = { crc32: combineCrc32(this.#total.crc32, crc32, size), size: this.#total.size + size };
    writer.write(bytes);
  }

  /** Makes the blob durable, then the blocks known. Undefined when nothing was added. */
  commit(): { readonly digest: Digest; readonly size: number } | undefined {
    if (this.#writer === undefined) return undefined;
    write(this.#writer, this.#codec.tail(this.#total));
    const { digest, size } = this.#writer.commit();
    this.#store.segments.addAll(
      this.#codec.id,
      new Map([...this.#segments].map(([id, part]) => [id, { ...part, blob: digest }])),
    );
    return { digest, size };
  }

  #begin(): BlobWriter {
    this.#writer = this.#store.blobs.writer();
    write(this.#writer, this.#codec.head());
    return this.#writer;
  }

  /** Drops what was not committed. */
  abort(): void {
    this.#writer?.abort();
  }
}

function write(writer: BlobWriter, bytes: Uint8Array): void {
  if (bytes.length > 0) writer.write(bytes);
}
