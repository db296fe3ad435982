import {
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  layerCompressionOf,
  MediaType,
  ociLayerType,
} from "@imgbuild/oci";
import type { ImageData } from "./layer-data.ts";

/**
 * The OCI manifest of an image whose layers were stored as `layers` (bottom first). Docker's layer types become OCI's,
 * since the bytes are the same and some readers refuse a mixture.
 */
export function makeManifest(
  image: Pick<ImageData, "config" | "configSize" | "annotations">,
  layers: readonly Descriptor[],
): ImageManifest {
  return {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: { mediaType: MediaType.ociConfig, digest: image.config, size: image.configSize },
    layers: layers.map(asOci),
    ...(image.annotations === undefined ? {} : { annotations: image.annotations }),
  };
}

/** An OCI index of manifests, in the order given. */
export function makeIndex(
  manifests: readonly Descriptor[],
  annotations?: Readonly<Record<string, string>>,
): ImageIndex {
  const index: ImageIndex = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests };
  return annotations === undefined ? index : { ...index, annotations };
}

function asOci(layer: Descriptor): Descriptor {
  const compression = layerCompressionOf(layer.mediaType);
  return compression === undefined ? layer : { ...layer, mediaType: ociLayerType(compression) };
}
