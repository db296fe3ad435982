import { ImgbuildError } from "@imgbuild/errors";
import type { BaseView, IndexEntry, LayerEntry } from "@imgbuild/image";
import { followLinks, joinPath, parentOf } from "../tree/follow-links.ts";

const OPAQUE = ".wh..wh..opq";

/**
 * Files of a directory without the base, as they are over it: a directory that meets a symbolic link to a directory goes through
 * it (`bin/x` over a merged-/usr base is `usr/bin/x`). One that is opaque was put there by a script that saw the link, and stays.
 * Throws `conflict` for two files that come to one path.
 */
export function throughBase(changed: readonly LayerEntry[], base: BaseView): readonly LayerEntry[] {
  const paths = new Set(changed.map(({ header }) => header.path));
  const places = placesOf(paths, base);
  const moved = changed.filter(({ header }) => places(header.path) !== header.path);
  if (moved.length === 0) return changed;
  const result = new Map<string, LayerEntry>();
  for (const file of changed) if (!moved.includes(file)) result.set(file.header.path, relinked(file, places));
  for (const file of moved) {
    const at = places(file.header.path);
    for (const directory of above(at)) addDirectory(result, directory, base);
    if (file.header.type === "directory") addDirectory(result, at, base, file);
    else addFile(result, at, relinked(file, places));
  }
  return [...result.values()];
}

/** Where each path comes to be. */
function placesOf(paths: ReadonlySet<string>, base: BaseView): (path: string) => string {
  const directories = new Map([
    ["", ""],
    [".", "."],
  ]);
  const directory = (path: string): string => {
    const known = directories.get(path);
    if (known !== undefined) return known;
    const wanted = joinPath(directory(parentOf(path)), nameOf(path));
    const isLink = base.get(wanted)?.type === "symlink" && !paths.has(`${path}/${OPAQUE}`);
    const place = (isLink ? followLinks(wanted, (at) => base.get(at)) : undefined) ?? wanted;
    directories.set(path, place);
    return place;
  };
  const isDirectory = new Set([...paths].map(parentOf));
  return (path) => (isDirectory.has(path) ? directory(path) : joinPath(directory(parentOf(path)), nameOf(path)));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A hard link follows the file that it repeats. */
function relinked({ header, content }: LayerEntry, places: (path: string) => string): LayerEntry {
  if (header.type !== "hardlink") return { header, content };
  return { header: { ...header, linkname: places(header.linkname) }, content };
}

/** A directory of the base as it is there; of others what was made. */
function addDirectory(result: Map<string, LayerEntry>, path: string, base: BaseView, made?: LayerEntry): void {
  if (result.has(path)) return;
  const there = base.get(path);
  if (there?.type === "directory") result.set(path, { header: headerOf(path, there), content: undefined });
  else if (made !== undefined) result.set(path, { ...made, header: { ...made.header, path } });
}

function headerOf(path: string, { mode, uid, gid, xattrs }: IndexEntry): LayerEntry["header"] {
  const attributes = Object.entries(xattrs ?? {}).map(([name, value]) => [name, Buffer.from(value, "base64")] as const);
  return {
    ...{ path, type: "directory", mode, uid, gid, uname: "", gname: "" },
    ...{ size: 0, mtime: 1, linkname: "", devMajor: 0, devMinor: 0 },
    xattrs: attributes.length === 0 ? undefined : new Map(attributes),
  };
}

function addFile(result: Map<string, LayerEntry>, at: string, file: LayerEntry): void {
  const { path } = file.header;
  const other = result.get(at);
  result.set(at, { ...file, header: { ...file.header, path: at } });
  if (other === undefined || isSame(other, file)) return;
  throw new ImgbuildError("conflict", `Cannot keep both "/${path}" and "/${at}": in the base they are one file`, {
    hint: "Leave one of them out",
  });
}

function isSame(a: LayerEntry, b: LayerEntry): boolean {
  return (
    a.header.type === b.header.type &&
    a.header.linkname === b.header.linkname &&
    a.content?.sha256 === b.content?.sha256
  );
}

function above(path: string): string[] {
  const found: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) found.push(path.slice(0, at));
  return found;
}
