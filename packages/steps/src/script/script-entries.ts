import { type BaseView, type IndexEntry, type LayerEntry, sameEntry, sortEntries } from "@imgbuild/image";
import type { ChangedFile } from "@imgbuild/sandbox";
import type { TarHeader } from "@imgbuild/tar";

/** What decides the members of a layer that scripts changed. */
export interface Outcome {
  readonly changed: readonly ChangedFile[];
  /** What was put there before the scripts. */
  readonly before: readonly LayerEntry[];
  readonly base: BaseView | undefined;
  /** Whether the directory held the new files alone: then what is gone from it is deleted, also where the base has it. */
  readonly alone: boolean;
}

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/**
 * The members of the layer: what the base has already, equal in all but time, is left out, with the directories that only
 * stood for it. What is below an opaque directory stays, since nothing of the base shows there.
 */
export function scriptEntries(outcome: Outcome): LayerEntry[] {
  const { base, before } = outcome;
  const entries: LayerEntry[] = sortEntries([...outcome.changed, ...(outcome.alone ? deletions(outcome) : [])]);
  if (base === undefined) return entries.filter((entry) => !isPlainRoot(entry, before));
  const opaque = entries
    .map(({ header }) => header.path)
    .filter((path) => path.endsWith(OPAQUE))
    .map((path) => path.slice(0, -OPAQUE.length));
  const contents = new Map(entries.map((entry) => [entry.header.path, entry]));
  const lacking = entries.filter((entry) => {
    const { path } = entry.header;
    if (opaque.some((above) => path.startsWith(above))) return true;
    const there = base.get(path === "." ? "" : path);
    return there === undefined ? path !== "." : !sameEntry(there, asEntry(entry, contents));
  });
  const needed = new Set(
    lacking.flatMap(({ header }) => [
      ...above(header.path),
      header.type === "hardlink" ? header.linkname : header.path,
    ]),
  );
  for (const { header } of lacking)
    if (header.type === "hardlink") for (const path of above(header.linkname)) needed.add(path);
  return entries.filter(({ header }) => needed.has(header.path));
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

/** Marks for what was among the new files, is gone, and would show in the base. */
function deletions({ changed, before, base }: Outcome): LayerEntry[] {
  if (base === undefined) return [];
  const there = new Set(changed.map(({ header }) => header.path));
  const gone = before
    .map(({ header }) => header.path)
    .filter((path) => !there.has(path) && base.get(path) !== undefined);
  const all = new Set(gone);
  return gone.filter((path) => ![...above(path)].some((parent) => all.has(parent))).map(whiteout);
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
