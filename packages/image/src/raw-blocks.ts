import { ImgbuildError } from "@imgbuild/errors";
import type { Segment, Store } from "@imgbuild/store";
import type { Codec } from "@imgbuild/tar";
import type { BlockList } from "./block-list.ts";
import { expandSegment } from "./expand-segment.ts";
import type { LayerData, OpenBlocks } from "./layer-data.ts";
import { packedCodec } from "./packed-codec.ts";

/** The uncompressed blocks of one layer: from the store where they are kept there, else from their sources. */
export class RawBlocks {
  readonly #store: Store;
  readonly #layer: LayerData & { readonly kind: "blocks" };
  readonly #list: BlockList;
  readonly #codec: Codec | undefined;
  #segments: readonly (Segment | undefined)[] | undefined;
  #open: OpenBlocks | undefined;

  constructor(store: Store, layer: LayerData & { readonly kind: "blocks" }, list: BlockList) {
    this.#store = store;
    this.#layer = layer;
    this.#list = list;
    this.#codec = packedCodec(list);
  }

  /** Block `index`; indexes must rise. Throws `not-found`, `integrity` or `input-changed`. */
  block(index: number): Promise<Buffer> {
    const size = this.#list.blocks[index]?.size ?? 0;
    const segment = this.#stored(index);
    if (segment !== undefined && this.#codec !== undefined) {
      return expandSegment(this.#store, { segment, codec: this.#codec, size });
    }
    try {
      return Promise.resolve(this.#read(index));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** To be called after the last block. */
  finish(): void {
    this.#open?.finish();
  }

  close(): void {
    this.#open?.close();
  }

  #stored(index: number): Segment | undefined {
    if (this.#codec === undefined) return undefined;
    this.#segments ??= this.#store.segments.findAll(
      this.#list.blocks.map((block) => block.id),
      this.#codec.id,
    );
    return this.#segments[index];
  }

  #read(index: number): Buffer {
    const { source, diffId } = this.#layer;
    if (source === undefined) {
      throw new ImgbuildError("not-found", `Cannot read the layer ${diffId}: a block of it is not in the store`, {
        hint: "Build the image again with --force",
      });
    }
    this.#open ??= source.open();
    return this.#open.read(index);
  }
}
