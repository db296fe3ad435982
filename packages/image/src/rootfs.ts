import type { Store } from "@imgbuild/store";
import { type Codec, END_OF_ARCHIVE, encodeHeader, paddingOf, readTar, safePath, type TarHeader } from "@imgbuild/tar";
import { BaseView } from "./base-view.ts";
import { compressStream } from "./compress-stream.ts";
import type { LayerData } from "./layer-data.ts";
import { byPathBytes } from "./layer-entry.ts";
import { layerTar } from "./layer-form.ts";
import type { IndexEntry, LayerIndex } from "./layer-index.ts";
import { LayerIndexes } from "./layer-indexes.ts";

/** What a tar of a root file system is made of. */
export interface RootfsOptions {
  /** Bottom first. */
  readonly layers: readonly LayerData[];
  readonly store: Store;
  /** Compression of the whole tar. */
  readonly codec: Codec;
  readonly signal: AbortSignal;
}

/**
 * The files that a container of the image sees, as one tar: whiteouts applied, directories first and sorted, then files layer by
 * layer; hard links, devices and extended attributes kept. Paths start with `./`. Every layer is read twice the first time,
 * once after that. Throws `path-escape` for a layer whose members leave it, and what {@link layerTar} throws.
 */
export async function* writeRootfs(options: RootfsOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { codec, signal } = options;
  for await (const bytes of compressStream(rootfsTar(options), codec)) {
    signal.throwIfAborted();
    if (bytes.length > 0) yield bytes;
  }
}

async function* rootfsTar({ layers, store }: RootfsOptions): AsyncGenerator<Uint8Array> {
  const indexes = new LayerIndexes(store);
  const listed: LayerIndex[] = [];
  for (const layer of layers) listed.push(await indexes.read(layer));
  const all = listed.reduce<BaseView | undefined>((lower, index) => new BaseView(lower, index), undefined);
  yield* directories(all);
  // What a layer hides does not depend on those below it, so that each can be asked alone.
  const covers = listed.map((index) => new BaseView(undefined, index));
  for (const [i, layer] of layers.entries()) {
    const above = covers.slice(i + 1);
    const survives = (path: string): boolean => !above.some((upper) => upper.covers(path));
    yield* filesOf(layerTar(store, layer), listed[i] as LayerIndex, survives);
  }
  yield END_OF_ARCHIVE;
}

function* directories(view: BaseView | undefined): Generator<Uint8Array> {
  const found = new Map<string, IndexEntry>();
  for (const path of view?.paths() ?? []) {
    const entry = view?.get(path);
    if (entry?.type === "directory") found.set(path, entry);
  }
  for (const path of [...found.keys()].sort(byPathBytes))
    yield encodeHeader(directoryHeader(path, found.get(path) as IndexEntry));
}

function directoryHeader(path: string, entry: IndexEntry): TarHeader {
  const { mode, uid, gid, mtime, xattrs } = entry;
  const attributes = Object.entries(xattrs ?? {}).map(([name, value]) => [name, Buffer.from(value, "base64")] as const);
  return {
    ...{ path: place(path), type: "directory", mode, uid, gid, mtime, uname: "", gname: "" },
    ...{ size: 0, linkname: "", devMajor: 0, devMinor: 0 },
    xattrs: attributes.length === 0 ? undefined : new Map(attributes),
  };
}

function place(path: string): string {
  return path === "" ? "." : `./${path}`;
}

/** The files of one layer that no upper one replaces. */
async function* filesOf(
  tar: AsyncIterable<Uint8Array>,
  index: LayerIndex,
  survives: (path: string) => boolean,
): AsyncGenerator<Uint8Array> {
  const links = linksByTarget(index);
  const left = new Map(index.repeated);
  for await (const { header, content } of readTar(tar)) {
    const path = safePath(header.path);
    if (header.type === "hardlink") continue;
    const isLast = !isRepeatedLater(path, left);
    if (!isLast || header.type === "directory" || !stands(path, header, index)) continue;
    // Where the file itself is replaced above, the first of its hard links that is not gets the content.
    const [heir, ...others] = [path, ...(links.get(path) ?? [])].filter(survives);
    if (heir === undefined) continue;
    // Of a link Linux keeps no mode; what a tar says of it depends on the tool that wrote it.
    const mode = header.type === "symlink" ? 0o777 : header.mode;
    yield encodeHeader({ ...header, mode, path: place(heir) });
    yield* content;
    if (header.type === "file") yield Buffer.alloc(paddingOf(header.size));
    for (const other of others) {
      yield encodeHeader({ ...header, type: "hardlink", size: 0, path: place(other), linkname: place(heir) });
    }
  }
}

/** Counts a member; says whether another of its path comes after it, which is the one that counts. */
function isRepeatedLater(path: string, left: Map<string, number>): boolean {
  const count = left.get(path);
  if (count === undefined) return false;
  left.set(path, count - 1);
  return count > 1;
}

/** Whether the layer has this file in the end: not another kind, nor a link to another, nor a directory for what is below it. */
function stands(path: string, { type }: TarHeader, { entries, hardlinks, implied }: LayerIndex): boolean {
  return entries.get(path)?.type === type && !hardlinks.has(path) && !implied.has(path);
}

/** The names that hard links give to each file. */
function linksByTarget({ hardlinks }: LayerIndex): Map<string, string[]> {
  const links = new Map<string, string[]>();
  for (const [path, target] of hardlinks) {
    const known = links.get(target);
    if (known === undefined) links.set(target, [path]);
    else known.push(path);
  }
  return links;
}
