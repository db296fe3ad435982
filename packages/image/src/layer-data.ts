import type { DiffId, Digest, MediaTypeName, Platform } from "@imgbuild/oci";

/** Makes the blocks of a layer again from the files they were made of. */
export interface BlockSource {
  /** Begins to read. The caller closes it. */
  open(): OpenBlocks;
}

/** Blocks being read. */
export interface OpenBlocks {
  /** The bytes of block `index`, in a buffer of the caller's own. Indexes must rise. Throws `input-changed`. */
  read(index: number): Buffer;
  /** Checks the file that was read last; to be called after the last `read`. Throws `input-changed`. */
  finish(): void;
  close(): void;
}

/** A layer as a trace keeps it: metadata only, never bytes (ARCHITECTURE.md, D1). */
export type LayerData =
  | {
      /** Made by us, or cut from an uncompressed tar: the tar is the concatenation of the listed blocks. */
      readonly kind: "blocks";
      readonly diffId: DiffId;
      /** Bytes of the tar. */
      readonly size: number;
      /** Blob that lists the blocks (`block-list.ts`). */
      readonly blocks: Digest;
      /** Makes blocks that are not in the store. Known only in the process that measured the sources; never stored. */
      readonly source?: BlockSource | undefined;
    }
  | {
      /** A compressed layer of a base, kept and passed on byte for byte. */
      readonly kind: "blob";
      readonly diffId: DiffId;
      /** Bytes of the tar. */
      readonly size: number;
      readonly mediaType: MediaTypeName;
      readonly digest: Digest;
      readonly blobSize: number;
    };

/** An image as a trace keeps it. Its identity, the image ID, is `config`. */
export interface ImageData {
  /** Digest of the config blob, which is in the store. */
  readonly config: Digest;
  readonly configSize: number;
  readonly platform: Platform;
  /** Bottom layer first. */
  readonly layers: readonly LayerData[];
  /** Of the manifest in OCI outputs. Known only on the way out, and no part of the image's identity. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/**
 * What tells an image of the cache from another: its config, and how its layers are kept. Two images of one config may differ in
 * that: one made of sources, whose bytes are read there again, and one out of an archive, whose layers came compressed.
 */
export function imageParts({ config, layers }: ImageData): string[] {
  return [config, ...layers.map((layer) => (layer.kind === "blob" ? layer.digest : layer.blocks))];
}
