import type { TarHeader } from "@imgbuild/tar";

/** What a layer has at one path. Hard links are the file that they repeat. */
export interface IndexEntry {
  readonly type: "file" | "directory" | "symlink" | "char" | "block" | "fifo";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since the epoch. */
  readonly mtime: number;
  readonly size: number;
  /** 64 hex digits of the content; empty for all but files. */
  readonly sha256: string;
  /** Target of a symlink, verbatim; empty otherwise. */
  readonly link: string;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Extended attributes by name, in base64, sorted by name; undefined when there are none. */
  readonly xattrs?: Readonly<Record<string, string>> | undefined;
}

/** Entries by path. */
export type EntryMap = Pick<ReadonlyMap<string, IndexEntry>, "get" | "has" | "keys">;

/** What is in a layer, without the contents. Paths have no leading `/`; the root is the empty string. */
export interface LayerIndex {
  readonly entries: EntryMap;
  /** Paths that are hard links → the path of the file in the same layer that they repeat. */
  readonly hardlinks: ReadonlyMap<string, string>;
  /** Directories that only members below them imply: they do not change a directory of a lower layer. */
  readonly implied: ReadonlySet<string>;
  /** Paths that the layer deletes. */
  readonly whiteouts: ReadonlySet<string>;
  /** Directories whose content in lower layers is hidden. */
  readonly opaque: ReadonlySet<string>;
  /** Paths that more than one member of the tar has, hard links apart → how many. The last counts. */
  readonly repeated: ReadonlyMap<string, number>;
}

/** A directory that nobody described. */
export const IMPLIED_DIRECTORY: IndexEntry = {
  type: "directory",
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtime: 0,
  size: 0,
  sha256: "",
  link: "",
  devMajor: 0,
  devMinor: 0,
};

/** What a member says of itself; `undefined` for a hard link, which says nothing of its own. */
export function entryOf(header: TarHeader, sha256: string): IndexEntry | undefined {
  const { type, mode, uid, gid, mtime, size, devMajor, devMinor } = header;
  if (type === "hardlink") return undefined;
  const device = type === "char" || type === "block" ? { devMajor, devMinor } : { devMajor: 0, devMinor: 0 };
  const link = type === "symlink" ? header.linkname : "";
  return { type, mode, uid, gid, mtime, size, sha256, link, ...device, ...xattrsOf(header) };
}

function xattrsOf({ xattrs }: TarHeader): { readonly xattrs?: Readonly<Record<string, string>> } {
  if (xattrs === undefined || xattrs.size === 0) return {};
  const sorted = [...xattrs].sort(([a], [b]) => (a < b ? -1 : 1));
  return { xattrs: Object.fromEntries(sorted.map(([name, value]) => [name, Buffer.from(value).toString("base64")])) };
}

/** Whether two entries are one and the same for a user of the image. Times do not count: those of our layers are fixed. */
export function sameEntry(a: IndexEntry, b: IndexEntry): boolean {
  return (
    a.type === b.type &&
    (a.mode === b.mode || a.type === "symlink") &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.size === b.size &&
    a.sha256 === b.sha256 &&
    a.link === b.link &&
    a.devMajor === b.devMajor &&
    a.devMinor === b.devMinor &&
    JSON.stringify(a.xattrs ?? {}) === JSON.stringify(b.xattrs ?? {})
  );
}
