import {
  encodeDocument,
  type ImageData,
  type LayerData,
  makeImageConfig,
  parseImageConfig,
  storeTarAsLayer,
} from "@imgbuild/image";
import type { ContainerConfig, DiffId, ImageConfig } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { END_OF_ARCHIVE, encodeHeader, paddingOf, type TarHeader } from "@imgbuild/tar";

/** A member of a test archive: content of a file, or anything else by its header. */
export type TestMember = string | Uint8Array | Partial<TarHeader>;

/** The tar of some members, in the order given. Files are 0644 root:root of the epoch. */
export function tarOf(
  members: Readonly<Record<string, TestMember>> | readonly (readonly [string, TestMember])[],
): Buffer {
  const entries = Array.isArray(members) ? members : Object.entries(members);
  const parts = (entries as readonly (readonly [string, TestMember])[]).flatMap(([path, member]) => {
    const content = typeof member === "string" || member instanceof Uint8Array ? Buffer.from(member) : Buffer.alloc(0);
    const extra = typeof member === "string" || member instanceof Uint8Array ? {} : member;
    const header = encodeHeader({ ...PLAIN, path, size: content.length, ...extra });
    return [header, content, Buffer.alloc(paddingOf(content.length))];
  });
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}

const PLAIN: Omit<TarHeader, "path" | "size"> = {
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  uname: "",
  gname: "",
  mtime: 0,
  linkname: "",
  devMajor: 0,
  devMinor: 0,
};

/** What a test image has. */
export interface TinyImageOptions {
  /** Files of each layer, bottom first. */
  readonly layers: readonly Readonly<Record<string, TestMember>>[];
  readonly base?: ImageData;
  readonly config?: ContainerConfig;
}

/** Puts a small image into a store, through the same functions that a build uses. */
export async function tinyImage(store: Store, options: TinyImageOptions): Promise<ImageData> {
  const added: LayerData[] = [];
  for (const files of options.layers) added.push(await storeTarAsLayer(store, once(tarOf(files))));
  const base = options.base;
  const config = makeImageConfig({
    base: base === undefined ? undefined : configOf(store, base),
    args: {
      config: options.config ?? {},
      inherit: [],
      unset: [],
      os: "linux",
      architecture: "amd64",
      variant: null,
      history: options.layers.map((files) => Object.keys(files).join(" ")),
    },
    layers: added.map(({ diffId }): DiffId => diffId),
    created: "1970-01-01T00:00:01Z",
  });
  const bytes = encodeDocument(config);
  return {
    config: store.blobs.put(bytes),
    configSize: bytes.length,
    platform: { os: "linux", architecture: "amd64" },
    layers: [...(base?.layers ?? []), ...added],
  };
}

function configOf(store: Store, image: ImageData): ImageConfig {
  return parseImageConfig(store.blobs.read(image.config), { label: "the store", what: "the config of the base" });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

/** All bytes of a stream. */
export async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}
