import { END_OF_ARCHIVE, paddingOf } from "@imgbuild/tar";
import { directoryHeader, fileHeader, fileMember, padding } from "./archive-part.ts";
import { blobPath, LAYOUT_FILE, type LayoutBlob, type LayoutOptions, layoutContent } from "./layout-content.ts";

/**
 * An OCI layout as one tar, not compressed (its layers are). Documents come before layers. Equal images give equal bytes.
 * Nothing is given before all layers are compressed, since the index names their digests. Throws what the store throws.
 */
export async function* writeOciArchive(options: LayoutOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { index, blobs } = await layoutContent(options);
  for await (const piece of archivePieces(index, blobs)) {
    options.signal.throwIfAborted();
    options.onBytes?.(piece.length);
    yield piece;
  }
}

async function* archivePieces(index: Buffer, blobs: readonly LayoutBlob[]): AsyncGenerator<Uint8Array> {
  yield Buffer.concat([
    fileMember("oci-layout", LAYOUT_FILE),
    fileMember("index.json", index),
    directoryHeader("blobs"),
    directoryHeader("blobs/sha256"),
  ]);
  for (const blob of blobs) {
    yield fileHeader(blobPath(blob.digest), blob.size);
    yield* blob.read();
    if (paddingOf(blob.size) > 0) yield padding(blob.size);
  }
  yield END_OF_ARCHIVE;
}
