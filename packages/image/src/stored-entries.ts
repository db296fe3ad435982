import type { EntryMap, IndexEntry } from "./layer-index.ts";

/** One entry as a list, for JSON: `name` is that in its directory. */
type Row = readonly [
  name: string,
  type: IndexEntry["type"],
  mode: number,
  uid: number,
  gid: number,
  mtime: number,
  size: number,
  sha256: string,
  link: string,
  device: readonly [number, number] | 0,
  xattrs: Readonly<Record<string, string>> | 0,
];

/** A directory and the length of its rows, as JSON, in bytes. */
export type Extent = readonly [directory: string, length: number];

/**
 * Entries that are read when somebody asks for one of their directory: a small layer asks a base of thousands of files for a
 * few of them. `bytes` holds the rows of each directory, one after the other. Throws the error of JSON for damaged rows.
 */
export class StoredEntries implements EntryMap {
  readonly #bytes: Buffer;
  readonly #unread = new Map<string, { readonly start: number; readonly end: number }>();
  readonly #read = new Map<string, ReadonlyMap<string, IndexEntry>>();

  constructor(extents: readonly Extent[], bytes: Buffer) {
    this.#bytes = bytes;
    let start = 0;
    for (const [directory, length] of extents) {
      this.#unread.set(directory, { start, end: start + length });
      start += length;
    }
  }

  get(path: string): IndexEntry | undefined {
    const [directory, name] = splitPath(path);
    return this.#list(directory)?.get(name);
  }

  has(path: string): boolean {
    return this.get(path) !== undefined;
  }

  *keys(): Generator<string> {
    for (const directory of this.#unread.keys()) {
      for (const name of this.#list(directory)?.keys() ?? []) yield directory === "" ? name : `${directory}/${name}`;
    }
  }

  #list(directory: string): ReadonlyMap<string, IndexEntry> | undefined {
    const known = this.#read.get(directory);
    if (known !== undefined) return known;
    const extent = this.#unread.get(directory);
    if (extent === undefined) return undefined;
    const rows = JSON.parse(this.#bytes.toString("utf8", extent.start, extent.end)) as readonly Row[];
    const list = new Map(rows.map((row) => [row[0], entryOfRow(row)]));
    this.#read.set(directory, list);
    return list;
  }
}

/** Entries as {@link StoredEntries} reads them. */
export function packEntries(entries: EntryMap): { readonly extents: readonly Extent[]; readonly bytes: Buffer } {
  const directories = new Map<string, Row[]>();
  for (const path of entries.keys()) {
    const entry = entries.get(path);
    if (entry === undefined) continue;
    const [directory, name] = splitPath(path);
    const rows = directories.get(directory);
    if (rows === undefined) directories.set(directory, [rowOf(name, entry)]);
    else rows.push(rowOf(name, entry));
  }
  const parts = [...directories].map(([directory, rows]) => ({ directory, json: Buffer.from(JSON.stringify(rows)) }));
  const extents = parts.map(({ directory, json }): Extent => [directory, json.length]);
  return { extents, bytes: Buffer.concat(parts.map(({ json }) => json)) };
}

/** The root is a nameless entry of the root. */
function splitPath(path: string): readonly [directory: string, name: string] {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? ["", path] : [path.slice(0, slash), path.slice(slash + 1)];
}

function rowOf(name: string, entry: IndexEntry): Row {
  const { type, mode, uid, gid, mtime, size, sha256, link, devMajor, devMinor, xattrs } = entry;
  const device = devMajor === 0 && devMinor === 0 ? 0 : ([devMajor, devMinor] as const);
  return [name, type, mode, uid, gid, mtime, size, sha256, link, device, xattrs ?? 0];
}

function entryOfRow(row: Row): IndexEntry {
  const [, type, mode, uid, gid, mtime, size, sha256, link, device, xattrs] = row;
  const [devMajor, devMinor] = device === 0 ? [0, 0] : device;
  const entry = { type, mode, uid, gid, mtime, size, sha256, link, devMajor, devMinor };
  return xattrs === 0 ? entry : { ...entry, xattrs };
}
