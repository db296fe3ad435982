import { writeDockerArchive, writeOciArchive } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { Compression } from "@imgbuild/tar";
import type { Deliverable } from "./sink.ts";

/** A format of one file that holds images. */
export type ArchiveFormat = "docker-archive" | "oci-archive";

/** What an archive is made with. */
export interface ArchiveOptions {
  readonly store: Store;
  readonly format: ArchiveFormat;
  /** Of the whole archive for docker-archive; of the layers for oci-archive. */
  readonly compressor: Compression;
}

/** The bytes of an archive of this format. */
export function archiveBytes(
  images: readonly Deliverable[],
  options: ArchiveOptions & { readonly signal: AbortSignal },
): AsyncIterable<Uint8Array> {
  const { store, format, compressor, signal } = options;
  return format === "docker-archive"
    ? writeDockerArchive({ images, store, compressor, signal })
    : writeOciArchive({ images, store, compression: compressor, signal });
}
