import type { Descriptor } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { Codec } from "@imgbuild/tar";
import type { LayerData } from "./layer-data.ts";

/** One compressed block on its way out. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** CRC-32 and size of the block before compression. */
  readonly crc32: number;
  readonly size: number;
}

/** The compressed blocks of a layer in order; see {@link Codec} for what to put around them. Cached block by block. */
export async function* layerPieces(_store: Store, _layer: LayerData, _codec: Codec): AsyncIterable<Piece> {
  throw new Error("Internal error: layerPieces is being written");
}

/** The uncompressed tar of a layer, verified against its diffID before the last piece is given. */
export async function* layerTar(_store: Store, _layer: LayerData): AsyncIterable<Uint8Array> {
  throw new Error("Internal error: layerTar is being written");
}

/** The descriptor of a layer compressed by `codec`, with its blob in the store. A base layer that came compressed stays as it is. */
export async function layerBlob(_store: Store, _layer: LayerData, _codec: Codec): Promise<Descriptor> {
  throw new Error("Internal error: layerBlob is being written");
}
