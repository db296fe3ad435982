import { type DiffId, hexOf } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { type Compression, codecFor, END_OF_ARCHIVE } from "@imgbuild/tar";
import { type ArchivePart, fileHeader, fileMember, joinParts, padding } from "./archive-part.ts";
import { encodeDocument } from "./encode-document.ts";
import { repoTag } from "./image-names.ts";
import type { ImageData } from "./layer-data.ts";
import { type NamedImage, refuseIndexes, uniqueImages } from "./named-image.ts";

/** What a docker-archive is made of. */
export interface DockerArchiveOptions {
  readonly images: readonly NamedImage[];
  readonly store: Store;
  /** Compression of the whole archive; the layers in it are plain. */
  readonly compressor: Compression;
  /** Layers whose bodies are left out, for a daemon that has them. */
  readonly skipLayers?: ReadonlySet<DiffId> | undefined;
  readonly signal: AbortSignal;
  /** Told the bytes of each piece that is given. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * The archive that `docker save` made before version 25, which every tool reads: manifest.json, `<config>.json` for each
 * image, `<diffID>/layer.tar` for each layer, once however often it is used. What describes comes before what is
 * described, so that a reader can act as it reads. Equal images give equal bytes. Throws what the store throws.
 */
export async function* writeDockerArchive(options: DockerArchiveOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { store, signal, onBytes } = options;
  const parts = dockerArchiveParts(options);
  for await (const bytes of joinParts(parts, { store, signal, codec: codecFor(options.compressor) })) {
    onBytes?.(bytes.length);
    yield bytes;
  }
}

function* dockerArchiveParts(options: DockerArchiveOptions): Generator<ArchivePart> {
  refuseIndexes(options.images, "a docker-archive");
  const images = uniqueImages(options.images, "config");
  yield fileMember("manifest.json", encodeDocument(images.map(manifestEntry)));
  for (const { data } of images) yield fileMember(configPath(data), options.store.blobs.read(data.config));
  const done = new Set<DiffId>(options.skipLayers);
  for (const layer of images.flatMap(({ data }) => data.layers)) {
    if (done.has(layer.diffId)) continue;
    done.add(layer.diffId);
    yield fileHeader(layerPath(layer.diffId), layer.size);
    yield layer;
    yield padding(layer.size);
  }
  yield END_OF_ARCHIVE;
}

function manifestEntry({ data, references }: NamedImage): object {
  return {
    Config: configPath(data),
    RepoTags: references.map(repoTag),
    Layers: data.layers.map((layer) => layerPath(layer.diffId)),
  };
}

function configPath(data: ImageData): string {
  return `${hexOf(data.config)}.json`;
}

function layerPath(diffId: DiffId): string {
  return `${hexOf(diffId)}/layer.tar`;
}
