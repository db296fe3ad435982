import type { ImageData } from "@imgbuild/image";

/** What the output of an `image` or `archive` step holds as its data. */
export interface ImageOutput {
  readonly image: ImageData;
  /** Blobs without which the image is gone. */
  readonly blobs: readonly string[];
}
