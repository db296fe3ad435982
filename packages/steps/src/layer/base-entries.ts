import { type BaseView, type IndexEntry, type LayerEntry, sameEntry } from "@imgbuild/image";
import type { TarHeader } from "@imgbuild/tar";
import type { SourceNode } from "../tree/source-tree.ts";

/**
 * Takes away what the base has already: entries that are equal in kind, mode, owner, content and attributes, whatever their
 * times. A directory of the base keeps what the source does not say of it; it is a member only where it changes, or where
 * a member below it needs it: without, some daemons make a directory of their own there, which would hide the base's.
 */
export function subtractBase(
  entries: readonly LayerEntry[],
  on: { readonly base: BaseView; readonly nodes: ReadonlyMap<string, SourceNode> },
): LayerEntry[] {
  const needed = new Set<string>();
  const settled = entries.map((entry) => {
    const path = pathOf(entry);
    const there = on.base.get(path);
    const over = there?.type === "directory" ? overDirectory(entry, there, on.nodes.get(path)) : entry;
    const lacks = there === undefined || !sameEntry(there, asEntry(over));
    if (lacks) needAbove(path, needed);
    return { entry: over, lacks };
  });
  return settled.filter(({ entry, lacks }) => lacks || needed.has(pathOf(entry))).map(({ entry }) => entry);
}

function pathOf({ header }: LayerEntry): string {
  return header.path === "." ? "" : header.path;
}

function needAbove(path: string, needed: Set<string>): void {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    const parent = path.slice(0, at);
    if (needed.has(parent)) return;
    needed.add(parent);
  }
}

/** A directory that the base has: what the source does not give stays as it is there. */
function overDirectory(entry: LayerEntry, there: IndexEntry, node: SourceNode | undefined): LayerEntry {
  if (entry.header.type !== "directory") return entry;
  const { mode, uid, gid } = node ?? { mode: null, uid: null, gid: null };
  const header: TarHeader = {
    ...entry.header,
    mode: mode ?? there.mode,
    uid: uid ?? there.uid,
    gid: gid ?? there.gid,
    xattrs: attributesOf(there),
  };
  return { header, content: undefined };
}

function attributesOf({ xattrs }: IndexEntry): TarHeader["xattrs"] {
  if (xattrs === undefined) return undefined;
  return new Map(Object.entries(xattrs).map(([name, value]) => [name, Buffer.from(value, "base64")]));
}

function asEntry({ header, content }: LayerEntry): IndexEntry {
  const { type, mode, uid, gid, mtime, size, xattrs } = header;
  const attributes = xattrs === undefined || xattrs.size === 0 ? {} : { xattrs: textOf(xattrs) };
  return {
    type: type === "hardlink" ? "file" : type,
    mode,
    uid,
    gid,
    mtime,
    size,
    sha256: type === "file" ? (content?.sha256 ?? EMPTY) : "",
    link: type === "symlink" ? header.linkname : "",
    devMajor: 0,
    devMinor: 0,
    ...attributes,
  };
}

function textOf(xattrs: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries([...xattrs].map(([name, value]) => [name, Buffer.from(value).toString("base64")]));
}

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
