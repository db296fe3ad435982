import type { LayerData } from "@imgbuild/image";

/** What the output of a `layer` step holds as its data. */
export interface LayerOutput {
  readonly layer: LayerData;
  /** Blobs without which the layer is gone. */
  readonly blobs: readonly string[];
}
