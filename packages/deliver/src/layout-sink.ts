import { writeOciLayout } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { Compression } from "@imgbuild/tar";
import { countLayers, type Sink } from "./sink.ts";

/** Where a layout goes. */
export interface LayoutSinkOptions {
  readonly store: Store;
  readonly dir: string;
  /** Of the layers. */
  readonly compression: Compression;
}

/**
 * Writes an OCI layout directory. One that we wrote before is brought up to date; blobs that it has are verified and kept.
 * Throws `conflict` when the directory holds anything else.
 */
export function layoutSink({ store, dir, compression }: LayoutSinkOptions): Sink {
  return {
    name: `OCI layout "${dir}"`,
    deliver: async (images, { signal, progress }) => {
      let bytes = 0;
      const onBytes = (more: number): void => {
        bytes += more;
        progress?.(bytes);
      };
      const written = await writeOciLayout({ dir, images, store, compression, signal, onBytes });
      const layers = countLayers(images);
      const layersSent = Math.min(layers, written.layersWritten);
      return { bytes: written.bytes, layersSent, layersSkipped: layers - layersSent, complete: true };
    },
  };
}
