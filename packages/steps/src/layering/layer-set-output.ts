import type { LayerData } from "@imgbuild/image";

/** What the output of a `layerSet` step holds as its data. */
export interface LayerSetOutput {
  /** Bottom first. */
  readonly layers: readonly LayerData[];
  /** One line a layer: what is in it. */
  readonly history: readonly string[];
  /** The time of every member, in seconds since the epoch. */
  readonly mtime: number;
  /** Blobs without which the layers are gone. */
  readonly blobs: readonly string[];
}
