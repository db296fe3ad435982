import { readFileSync } from "node:fs";
import type { ImageConfig } from "@imgbuild/oci";
import { readTarSync, type TarHeader } from "@imgbuild/tar";

/** A member of a layer, with its content. */
export interface SavedMember extends TarHeader {
  readonly content: string;
}

/** An image of a docker-archive, taken apart. */
export interface SavedImage {
  readonly names: readonly string[];
  readonly config: ImageConfig;
  /** Bottom first. */
  readonly layers: readonly (readonly SavedMember[])[];
}

/** The images of a docker-archive that is not compressed. */
export function savedImages(path: string): SavedImage[] {
  const files = new Map(membersOf(readFileSync(path)).map((member) => [member.path, member.bytes]));
  const read = (name: string): Buffer => files.get(name) ?? Buffer.alloc(0);
  const manifest = JSON.parse(read("manifest.json").toString()) as readonly {
    readonly Config: string;
    readonly RepoTags: readonly string[];
    readonly Layers: readonly string[];
  }[];
  return manifest.map(({ Config, RepoTags, Layers }) => ({
    names: RepoTags,
    config: JSON.parse(read(Config).toString()) as ImageConfig,
    layers: Layers.map((layer) =>
      membersOf(read(layer)).map(({ bytes, ...header }) => ({ ...header, content: bytes.toString() })),
    ),
  }));
}

function membersOf(tar: Buffer): (TarHeader & { readonly bytes: Buffer })[] {
  return [...readTarSync(tar)].map(({ header, content }) => ({ ...header, bytes: Buffer.from(content) }));
}
