import type { Store } from "@imgbuild/store";
import { type Codec, combineCrc32, crc32, encodeHeader, paddingOf } from "@imgbuild/tar";
import type { LayerData } from "./layer-data.ts";
import { layerPieces, layerTar, type Piece } from "./layer-form.ts";

/** A part of an archive: bytes as they are, or the whole tar of a layer. */
export type ArchivePart = Uint8Array | LayerData;

/** The header of a regular file whose metadata say nothing of machine or time. */
export function fileHeader(path: string, size: number): Buffer {
  return header(path, { type: "file", mode: 0o644, size });
}

/** The header of a directory, with fixed metadata. */
export function directoryHeader(path: string): Buffer {
  return header(path, { type: "directory", mode: 0o755, size: 0 });
}

function header(path: string, of: { type: "file" | "directory"; mode: number; size: number }): Buffer {
  const nobody = { uid: 0, gid: 0, uname: "", gname: "", mtime: 0, linkname: "", devMajor: 0, devMinor: 0 };
  return encodeHeader({ path, ...of, ...nobody });
}

/** The zero bytes after content of `size` bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc(paddingOf(size));
}

/** A regular file with its content. */
export function fileMember(path: string, content: Uint8Array): Buffer {
  return Buffer.concat([fileHeader(path, content.length), content, padding(content.length)]);
}

/** How parts become one stream. */
export interface JoinOptions {
  readonly store: Store;
  readonly codec: Codec;
  readonly signal: AbortSignal;
}

/**
 * The parts as one stream of the codec. Bytes between layers are compressed to a segment of their own, and the compressed
 * blocks of layers are taken from the store, so that what did not change is not compressed again.
 */
export async function* joinParts(
  parts: Iterable<ArchivePart>,
  { store, codec, signal }: JoinOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const total = new RunningTotal();
  yield* nonEmpty(codec.head());
  for (const part of mergeBytes(parts)) {
    for await (const piece of piecesOf(part, { store, codec })) {
      signal.throwIfAborted();
      total.add(piece);
      yield* nonEmpty(piece.bytes);
    }
  }
  yield* nonEmpty(codec.tail(total));
}

async function* piecesOf(part: ArchivePart, { store, codec }: Omit<JoinOptions, "signal">): AsyncGenerator<Piece> {
  if (part instanceof Uint8Array) {
    yield { bytes: await codec.compress(part), crc32: crc32(part), size: part.length };
  } else if (codec.algorithm === "none") {
    for await (const bytes of layerTar(store, part)) yield { bytes, crc32: 0, size: bytes.length };
  } else {
    yield* layerPieces(store, part, codec);
  }
}

function* nonEmpty(bytes: Uint8Array): Generator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** Joins neighbours that are bytes: a segment has a fixed cost. */
function* mergeBytes(parts: Iterable<ArchivePart>): Generator<ArchivePart> {
  let waiting: Uint8Array[] = [];
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      waiting.push(part);
      continue;
    }
    if (waiting.length > 0) yield Buffer.concat(waiting);
    waiting = [];
    yield part;
  }
  if (waiting.length > 0) yield Buffer.concat(waiting);
}

/** CRC-32 and size of everything so far. */
class RunningTotal {
  crc32 = 0;
  size = 0;

  add(piece: Piece): void {
    this.crc32 = combineCrc32(this.crc32, piece.crc32, piece.size);
    this.size += piece.size;
  }
}
