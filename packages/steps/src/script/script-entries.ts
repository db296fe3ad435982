import { type BaseView, type IndexEntry, type LayerEntry, sameEntry, sortEntries } from "@imgbuild/image";
import type { ChangedFile } from "@imgbuild/sandbox";
import type { TarHeader } from "@imgbuild/tar";

/** What decides the members of a layer that scripts changed. */
export interface Outcome {
  readonly changed: readonly LayerEntry[];
  /** What was put there before the scripts. */
  readonly before: readonly LayerEntry[];
  readonly base: BaseView | undefined;
  /** Paths that were deleted where the base was not to be seen; none lies below another. */
  readonly gone: readonly string[];
}

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/**
 * The members of the layer: what the base has already, equal in all but time, is left out, with the directories that only
 * stood for it. What is below an opaque directory stays, since nothing of the base shows there.
 */
export function scriptEntries({ changed, before, base, gone }: Outcome): LayerEntry[] {
  const all = firstHolds(sortEntries([...changed, ...gone.map(whiteout)]));
  if (base === undefined) return all.filter((entry) => !isPlainRoot(entry, before) && !isOpaqueMark(entry));
  // overlayfs marks every new directory; the mark says something only where the base has one.
  const entries = all.filter((entry) => !isOpaqueMark(entry) || base.get(markedBy(entry))?.type === "directory");
  const opaque = entries.filter(isOpaqueMark).map(({ header }) => header.path.slice(0, -OPAQUE.length));
  const contents = new Map(entries.map((entry) => [entry.header.path, entry]));
  const needed = new Set<string>();
  for (const entry of entries) {
    const { path, type, linkname } = entry.header;
    const there = base.get(path === "." ? "" : path);
    const hidden = opaque.some((above) => path.startsWith(above));
    const lacks = there === undefined ? !isPlainRoot(entry, []) : !sameEntry(there, asEntry(entry, contents));
    if (!hidden && !lacks) continue;
    for (const each of type === "hardlink" ? [path, linkname] : [path])
      for (const one of [each, ...above(each)]) needed.add(one);
  }
  return entries.filter(({ header }) => needed.has(header.path));
}

/**
 * Of several names of one file the first has the content: what comes before its target in the archive could not be unpacked, and
 * which name a directory lists first differs between machines.
 */
function firstHolds(entries: readonly LayerEntry[]): LayerEntry[] {
  const byPath = new Map(entries.map((entry) => [entry.header.path, entry]));
  const first = new Map<string, string>();
  for (const { header } of entries) {
    if (header.type === "hardlink" && !first.has(header.linkname)) first.set(header.linkname, header.path);
    else if (header.type !== "hardlink" && !first.has(header.path)) first.set(header.path, header.path);
  }
  return entries.map((entry) => {
    const { path, type, linkname } = entry.header;
    const holder = first.get(type === "hardlink" ? linkname : path) ?? path;
    if (holder !== path)
      return {
        header: { ...entry.header, type: "hardlink", size: 0, linkname: holder, xattrs: undefined },
        content: undefined,
      };
    const original = type === "hardlink" ? byPath.get(linkname) : undefined;
    return original === undefined ? entry : { header: { ...original.header, path }, content: original.content };
  });
}

function isOpaqueMark({ header }: LayerEntry): boolean {
  return header.path === OPAQUE || header.path.endsWith(`/${OPAQUE}`);
}

function markedBy({ header }: LayerEntry): string {
  return header.path.slice(0, -OPAQUE.length).replace(/\/$/, "");
}

/** The root is a member only where a script changed it. */
function isPlainRoot({ header }: LayerEntry, before: readonly LayerEntry[]): boolean {
  if (header.path !== ".") return false;
  const given = before.some((entry) => entry.header.path === ".");
  return !given && header.mode === 0o755 && header.uid === 0 && header.gid === 0 && header.xattrs === undefined;
}

function* above(path: string): Generator<string> {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) yield path.slice(0, at);
}

/** The paths that a script took away from a directory with the new files alone, and that would show in the base. */
export function deletedPaths(
  before: readonly LayerEntry[],
  changed: readonly LayerEntry[],
  base: BaseView | undefined,
): string[] {
  if (base === undefined) return [];
  const there = new Set(changed.map(({ header }) => header.path));
  const gone = before
    .map(({ header }) => header.path)
    .filter((path) => path !== "." && !there.has(path) && base.get(path) !== undefined);
  const all = new Set(gone);
  return gone.filter((path) => ![...above(path)].some((parent) => all.has(parent)));
}

function whiteout(path: string): LayerEntry {
  const slash = path.lastIndexOf("/") + 1;
  const name = `${path.slice(0, slash)}${WHITEOUT}${path.slice(slash)}`;
  const owner = { uid: 0, gid: 0, uname: "", gname: "" };
  const header: TarHeader = {
    path: name,
    type: "file",
    mode: 0,
    ...owner,
    size: 0,
    mtime: 1,
    linkname: "",
    devMajor: 0,
    devMinor: 0,
  };
  return { header, content: undefined };
}

function asEntry(entry: LayerEntry, all: ReadonlyMap<string, LayerEntry>): IndexEntry {
  const { header, content } = (entry.header.type === "hardlink" ? all.get(entry.header.linkname) : undefined) ?? entry;
  const { type, mode, uid, gid, mtime, size, xattrs } = header;
  const sorted = [...(xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  const attributes = sorted.map(([name, value]) => [name, Buffer.from(value).toString("base64")] as const);
  return {
    type: type === "hardlink" ? "file" : type,
    ...{ mode, uid, gid, mtime, size },
    sha256: type === "file" ? (content?.sha256 ?? EMPTY) : "",
    link: type === "symlink" ? header.linkname : "",
    devMajor: header.devMajor,
    devMinor: header.devMinor,
    ...(attributes.length === 0 ? {} : { xattrs: Object.fromEntries(attributes) }),
  };
}

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/**
 * What a user without rights made, with the owners that the layer gives: those of the new files where they had one, else the
 * layer's. Directories and files that were there keep theirs.
 */
export function ownedBy(
  changed: readonly ChangedFile[],
  owner: { readonly before: readonly LayerEntry[]; readonly uid: number; readonly gid: number },
): ChangedFile[] {
  const known = new Map(owner.before.map(({ header }) => [header.path, header]));
  return changed.map(({ header, content }) => {
    const { uid, gid } = known.get(header.path) ?? (header.path === "." ? { uid: 0, gid: 0 } : owner);
    return { header: { ...header, uid, gid }, content };
  });
}
