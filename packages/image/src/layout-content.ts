import { type Descriptor, type Digest, digestOf, hexOf, MediaType } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { type Codec, type Compression, codecFor } from "@imgbuild/tar";
import { encodeDocument } from "./encode-document.ts";
import { fullName, tagOf } from "./image-names.ts";
import type { ImageData, LayerData } from "./layer-data.ts";
import { layerDescriptor, layerFormBytes } from "./layer-form-bytes.ts";
import { makeIndex, makeManifest } from "./make-manifest.ts";
import { type NamedImage, uniqueImages } from "./named-image.ts";

/** What an OCI layout is made of. */
export interface LayoutOptions {
  readonly images: readonly NamedImage[];
  readonly store: Store;
  /** Compression of the layers. A base layer that came compressed stays as it is. */
  readonly compression: Compression;
  readonly signal: AbortSignal;
  /** Told the bytes of each piece that is written. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** A blob of a layout. */
export interface LayoutBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly kind: "document" | "layer";
  /** Its bytes, verified at the end. */
  read(): AsyncIterable<Uint8Array>;
}

/** Everything in a layout: its two files at the top, and its blobs, each once. */
export interface LayoutContent {
  readonly index: Buffer;
  readonly blobs: readonly LayoutBlob[];
}

/** The content of `oci-layout` (OCI image-layout.md). */
export const LAYOUT_FILE: Buffer = encodeDocument({ imageLayoutVersion: "1.0.0" });

/** An index with this annotation was written by us, so that we may write over it. */
export const OWN_LAYOUT = "imgbuild.layout";

/** The place of a blob in a layout. */
export function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/** Compresses what must be, and makes the documents of a layout. */
export async function layoutContent(options: LayoutOptions): Promise<LayoutContent> {
  const images = uniqueImages(options.images, "manifest");
  const collected = new Collected(options);
  const isUnique = uniqueTags(images);
  const entries: Descriptor[] = [];
  for (const image of images) {
    const { data, references, platforms } = image;
    const entry =
      platforms === undefined ? await collected.addImage(data) : await collected.addIndex(platforms, image.annotations);
    if (references.length === 0) entries.push(entry);
    for (const name of references) entries.push({ ...entry, annotations: nameAnnotations(name, isUnique) });
  }
  return { index: encodeDocument(makeIndex(entries, { [OWN_LAYOUT]: "1" })), blobs: collected.blobs() };
}

/** The blobs of a layout while they are found; each is listed once. */
class Collected {
  readonly #store: Store;
  readonly #signal: AbortSignal;
  readonly #codec: Codec;
  readonly #documents = new Map<Digest, LayoutBlob>();
  readonly #layers = new Map<Digest, LayoutBlob>();

  constructor({ store, signal, compression }: LayoutOptions) {
    this.#store = store;
    this.#signal = signal;
    this.#codec = codecFor(compression);
  }

  /** Documents first. */
  blobs(): LayoutBlob[] {
    return [...this.#documents.values(), ...this.#layers.values()];
  }

  async addIndex(images: readonly ImageData[], annotations: NamedImage["annotations"]): Promise<Descriptor> {
    const manifests: Descriptor[] = [];
    for (const image of images) manifests.push(await this.addImage(image));
    const index = encodeDocument(makeIndex(manifests, annotations));
    return { mediaType: MediaType.ociIndex, digest: this.#addDocument(index), size: index.length };
  }

  async addImage(data: ImageData): Promise<Descriptor> {
    const layers: Descriptor[] = [];
    for (const layer of data.layers) layers.push(await this.#addLayer(layer));
    const manifest = encodeDocument(makeManifest(data, layers));
    const digest = this.#addDocument(manifest);
    this.#addDocument(this.#store.blobs.read(data.config));
    return { mediaType: MediaType.ociManifest, digest, size: manifest.length, platform: data.platform };
  }

  async #addLayer(layer: LayerData): Promise<Descriptor> {
    this.#signal.throwIfAborted();
    const store = this.#store;
    const codec = this.#codec;
    const descriptor = await layerDescriptor(store, layer, codec);
    const { digest, size } = descriptor;
    this.#layers.set(digest, {
      digest,
      size,
      kind: "layer",
      read: () => layerFormBytes(store, layer, { codec, descriptor }),
    });
    return descriptor;
  }

  #addDocument(bytes: Buffer): Digest {
    const digest = digestOf(bytes);
    this.#documents.set(digest, { digest, size: bytes.length, kind: "document", read: () => once(bytes) });
    return digest;
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

/** Tools find an image by its `ref.name`: the tag, as all of them write it, or the whole name where tags are not enough. */
function nameAnnotations(reference: string, isUnique: (tag: string) => boolean): Record<string, string> {
  const tag = tagOf(reference);
  const full = fullName(reference);
  return {
    "io.containerd.image.name": full,
    "org.opencontainers.image.ref.name": isUnique(tag) ? tag : full,
  };
}

function uniqueTags(images: readonly NamedImage[]): (tag: string) => boolean {
  const tags = images.flatMap(({ references }) => references.map(tagOf));
  return (tag) => tags.indexOf(tag) === tags.lastIndexOf(tag);
}
