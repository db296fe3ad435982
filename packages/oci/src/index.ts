export {
  type DiffId,
  type Digest,
  digestFromSha256,
  digestOf,
  hexOf,
  isDigest,
  parseDiffId,
  parseDigest,
} from "./digest.ts";
export type {
  ContainerConfig,
  Descriptor,
  Healthcheck,
  HistoryEntry,
  ImageConfig,
  ImageIndex,
  ImageManifest,
} from "./documents.ts";
export {
  isIndexType,
  type LayerCompression,
  layerCompressionOf,
  MediaType,
  type MediaTypeName,
  ociLayerType,
} from "./media-type.ts";
export { architectureFromNode, formatPlatform, type Platform, platformMatches } from "./platform.ts";
export { formatReference, isTag, parseReference, type Reference } from "./reference.ts";
