export { archiveDigestInputs } from "./archive-inputs.ts";
export { BaseView } from "./base-view.ts";
export type { ImagePick } from "./choose-image.ts";
export type { ContentFiles } from "./content-members.ts";
export { type DockerArchiveOptions, writeDockerArchive } from "./docker-archive.ts";
export { encodeDocument } from "./encode-document.ts";
export { entryBlocks } from "./entry-blocks.ts";
export { entryTar } from "./entry-tar.ts";
export { fastCodec } from "./fast-codec.ts";
export { readPieces } from "./file-pieces.ts";
export { fullName, repoTag, sameName } from "./image-names.ts";
export { type ImportFilesOptions, type ImportOptions, importFiles, importImage } from "./import-image.ts";
export { layerBlobs } from "./layer-blobs.ts";
export { type BlockSource, type ImageData, imageParts, type LayerData, type OpenBlocks } from "./layer-data.ts";
export { byPathBytes, type LayerContent, type LayerEntry, sortEntries, sortPaths } from "./layer-entry.ts";
export { knownForm, layerBlob, layerPieces, layerStream, layerTar, type Piece } from "./layer-form.ts";
export { type IndexEntry, type LayerIndex, sameEntry } from "./layer-index.ts";
export { LayerIndexes } from "./layer-indexes.ts";
export type { LayoutOptions } from "./layout-content.ts";
export { type ConfigParts, type ImageSettings, makeImageConfig } from "./make-config.ts";
export { makeIndex, makeManifest } from "./make-manifest.ts";
export { type NamedImage, refuseIndexes } from "./named-image.ts";
export { writeOciArchive } from "./oci-archive.ts";
export { type LayoutDirectoryOptions, type LayoutWritten, writeOciLayout } from "./oci-layout.ts";
export { type PackedLayer, type PackOptions, packLayer } from "./pack-layer.ts";
export { parseImageConfig, parseManifest } from "./parse-documents.ts";
export { readImageConfig } from "./read-config.ts";
export { type RootfsOptions, writeRootfs } from "./rootfs.ts";
export { storeTarAsLayer } from "./store-tar.ts";
export {
  filterStoredTree,
  putStoredFile,
  readStoredTree,
  type StoredEntry,
  type StoredTree,
  StoredTreeWriter,
} from "./stored-tree.ts";
export { HashBatch } from "./thread/hash-batch.ts";
export { type WorkThread, WorkThreads } from "./thread/work-threads.ts";
export { validateImage } from "./validate-image.ts";
