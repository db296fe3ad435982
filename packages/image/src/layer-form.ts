import { createHash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";
import { type Descriptor, digestFromSha256, ociLayerType } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { type Codec, combineCrc32, crc32, decompressStream } from "@imgbuild/tar";
import { readBlockList } from "./block-list.ts";
import type { LayerData } from "./layer-data.ts";
import { RawBlocks } from "./raw-blocks.ts";
import { SegmentWriter } from "./segment-writer.ts";

/** One compressed block on its way out. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** CRC-32 and size of the block before compression. */
  readonly crc32: number;
  readonly size: number;
}

/** Blocks being made ahead of the one that is given out. */
const DEPTH = 5;

/**
 * The compressed blocks of a layer in order; see {@link Codec} for what to put around them. A block that was compressed
 * so before is taken from the store; others are made from the form they are stored in, and kept. Throws `integrity` or
 * `not-found` when the store cannot give a block: the layer is then to be built again.
 */
export async function* layerPieces(store: Store, layer: LayerData, codec: Codec): AsyncIterable<Piece> {
  if (layer.kind === "blob") {
    yield* recompress(store, layer, codec);
    return;
  }
  const list = readBlockList(store.blobs, layer.blocks);
  const ids = list.blocks.map((block) => block.id);
  const ready = store.segments.findAll(ids, codec.id);
  const raw = new RawBlocks(store, layer, list);
  const writer = new SegmentWriter(store, codec);
  const make = async (i: number): Promise<Piece & { readonly fresh: boolean }> => {
    const size = list.blocks[i]?.size ?? 0;
    const segment = ready[i];
    if (segment !== undefined) {
      const bytes = store.blobs.slice(segment.blob, segment.offset, segment.length);
      return { bytes, crc32: segment.crc32, size, fresh: false };
    }
    const bytes = await raw.block(i);
    return { bytes: await codec.compress(bytes), crc32: crc32(bytes), size, fresh: codec.algorithm !== "none" };
  };
  try {
    for await (const [i, piece] of ahead(list.blocks.length, make)) {
      if (piece.fresh) writer.add(ids[i] as string, piece);
      if (i === list.blocks.length - 1) raw.finish();
      yield piece;
    }
    writer.commit();
  } finally {
    raw.close();
    writer.abort();
  }
}

/** The uncompressed tar of a layer, in pieces, checked against its diffID before the last piece is given. */
export async function* layerTar(store: Store, layer: LayerData): AsyncIterable<Uint8Array> {
  const hash = createHash("sha256");
  let held: Uint8Array | undefined;
  for await (const piece of rawBlocks(store, layer)) {
    if (held !== undefined) yield held;
    hash.update(piece);
    held = piece;
  }
  const found = digestFromSha256(hash.digest("hex"));
  if (found !== layer.diffId) {
    throw new ImgbuildError("integrity", `Cannot read the layer ${layer.diffId}: its bytes have the digest ${found}`, {
      hint: "Run `imgbuild cache verify --repair`, then build again",
    });
  }
  if (held !== undefined) yield held;
}

/**
 * The layer compressed by `codec`, as one stream. Its descriptor is remembered once the stream was read to its end, so
 * that {@link knownForm} can tell it without making it again.
 */
export async function* layerStream(store: Store, layer: LayerData, codec: Codec): AsyncIterable<Uint8Array> {
  const hash = createHash("sha256");
  let size = 0;
  const count = (bytes: Uint8Array): Uint8Array => {
    hash.update(bytes);
    size += bytes.length;
    return bytes;
  };
  let total = { crc32: 0, size: 0 };
  yield count(codec.head());
  for await (const piece of layerPieces(store, layer, codec)) {
    total = { crc32: combineCrc32(total.crc32, piece.crc32, piece.size), size: total.size + piece.size };
    yield count(piece.bytes);
  }
  yield count(codec.tail(total));
  store.layerForms.record(layer.diffId, codec.id, { digest: digestFromSha256(hash.digest("hex")), size });
}

/** The descriptor of a layer in a form, when it is known without making it. */
export function knownForm(store: Store, layer: LayerData, codec: Codec): Descriptor | undefined {
  if (layer.kind === "blob") return { mediaType: layer.mediaType, digest: layer.digest, size: layer.blobSize };
  const form = store.layerForms.find(layer.diffId, codec.id);
  return form === undefined ? undefined : { mediaType: ociLayerType(codec.algorithm), ...form };
}

/** The descriptor of a layer compressed by `codec`, with its blob in the store. A base layer that came compressed stays as it is. */
export async function layerBlob(store: Store, layer: LayerData, codec: Codec): Promise<Descriptor> {
  const known = knownForm(store, layer, codec);
  if (known !== undefined && store.blobs.size(known.digest) === known.size) return known;
  const writer = store.blobs.writer();
  try {
    for await (const bytes of layerStream(store, layer, codec)) writer.write(bytes);
    return { mediaType: ociLayerType(codec.algorithm), ...writer.commit() };
  } finally {
    writer.abort();
  }
}

/** Runs `make` for 0…count-1, a few at a time, and gives the results in order. */
async function* ahead<T>(count: number, make: (i: number) => Promise<T>): AsyncIterable<readonly [number, T]> {
  const queue: Promise<T>[] = [];
  let next = 0;
  const fill = (): void => {
    while (queue.length < DEPTH && next < count) {
      const promise = make(next++);
      promise.catch(() => undefined);
      queue.push(promise);
    }
  };
  try {
    fill();
    for (let i = 0; i < count; i++) {
      const value = await (queue.shift() as Promise<T>);
      fill();
      yield [i, value];
    }
  } finally {
    await Promise.allSettled(queue);
  }
}

async function* rawBlocks(store: Store, layer: LayerData): AsyncIterable<Uint8Array> {
  if (layer.kind === "blob") {
    yield* decompressStream(toAsync(store.blobs.stream(layer.digest)));
    return;
  }
  const list = readBlockList(store.blobs, layer.blocks);
  const raw = new RawBlocks(store, layer, list);
  try {
    for await (const [i, bytes] of ahead(list.blocks.length, (index) => raw.block(index))) {
      if (i === list.blocks.length - 1) raw.finish();
      yield bytes;
    }
  } finally {
    raw.close();
  }
}

/** A base layer in a form it did not come in: an archive whose layers are compressed as one stream needs this. */
async function* recompress(store: Store, layer: LayerData, codec: Codec): AsyncIterable<Piece> {
  for await (const bytes of layerTar(store, layer)) {
    yield { bytes: await codec.compress(bytes), crc32: crc32(bytes), size: bytes.length };
  }
}

async function* toAsync(source: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* source;
}
