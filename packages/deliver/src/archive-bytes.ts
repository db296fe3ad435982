import { ImgbuildError } from "@imgbuild/errors";
import { refuseIndexes, writeDockerArchive, writeOciArchive, writeRootfs } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import { type Compression, codecFor } from "@imgbuild/tar";
import type { Deliverable } from "./sink.ts";

/** A format of one file that holds images. */
export type ArchiveFormat = "docker-archive" | "oci-archive" | "rootfs";

/** What an archive is made with. */
export interface ArchiveOptions {
  readonly store: Store;
  readonly format: ArchiveFormat;
  /** Of the whole archive for docker-archive and rootfs; of the layers for oci-archive. */
  readonly compressor: Compression;
}

/** The bytes of an archive of this format. A rootfs is of one image: anything else throws `usage`. */
export function archiveBytes(
  images: readonly Deliverable[],
  options: ArchiveOptions & { readonly signal: AbortSignal },
): AsyncIterable<Uint8Array> {
  const { store, format, compressor, signal } = options;
  if (format === "rootfs") return rootfsBytes(images, options);
  return format === "docker-archive"
    ? writeDockerArchive({ images, store, compressor, signal })
    : writeOciArchive({ images, store, compression: compressor, signal });
}

function rootfsBytes(
  images: readonly Deliverable[],
  { store, compressor, signal }: ArchiveOptions & { readonly signal: AbortSignal },
): AsyncIterable<Uint8Array> {
  refuseIndexes(images, "a root file system");
  const [image, ...others] = images;
  if (image !== undefined && others.length === 0) {
    return writeRootfs({ layers: image.data.layers, store, codec: codecFor(compressor), signal });
  }
  throw new ImgbuildError("usage", `Cannot write one root file system of ${images.length} images: wanted one image`, {
    hint: "Name one label",
  });
}
