/** The media types that imgbuild writes or reads (OCI media-types.md; Docker image manifest v2 schema 2). */
export const MediaType = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerLayerZstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
} as const;

/** One of {@link MediaType}, or a media type this version does not know. */
export type MediaTypeName = (typeof MediaType)[keyof typeof MediaType] | (string & {});

/** How the bytes of a layer are compressed. */
export type LayerCompression = "none" | "gzip" | "zstd";

const LAYERS: Readonly<Record<string, LayerCompression>> = {
  [MediaType.ociLayer]: "none",
  [MediaType.ociLayerGzip]: "gzip",
  [MediaType.ociLayerZstd]: "zstd",
  [MediaType.dockerLayer]: "none",
  [MediaType.dockerLayerGzip]: "gzip",
  [MediaType.dockerLayerZstd]: "zstd",
};

/** The compression that a layer media type stands for; undefined when it is no layer type known here. */
export function layerCompressionOf(mediaType: MediaTypeName): LayerCompression | undefined {
  return Object.hasOwn(LAYERS, mediaType) ? LAYERS[mediaType] : undefined;
}

/** The OCI media type of a layer with this compression. */
export function ociLayerType(compression: LayerCompression): MediaTypeName {
  if (compression === "none") return MediaType.ociLayer;
  return compression === "gzip" ? MediaType.ociLayerGzip : MediaType.ociLayerZstd;
}

/** Whether this is an index or manifest list: a document that lists manifests. */
export function isIndexType(mediaType: MediaTypeName): boolean {
  return mediaType === MediaType.ociIndex || mediaType === MediaType.dockerManifestList;
}
