import { changedMode } from "@imgbuild/debian";
import { ImgbuildError } from "@imgbuild/errors";
import { type StoredEntry, type StoredTree, StoredTreeWriter } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import { bytesOf, imagePathOf } from "./system-packages.ts";

/** Something that is written over the packages. */
interface Draft {
  readonly type: StoredEntry["type"];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly target: string;
  readonly bytes: Buffer;
}

/** Mode and owner; what is undefined is as it is there, or root's and the usual. */
export interface Ownership {
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** As many links are followed on one way as Linux follows. */
const MAX_LINKS = 40;

/** What is written over the files of packages, as it is put together. Paths are those of the image. */
export class SystemDraft {
  readonly #packages: ReadonlyMap<string, StoredEntry>;
  readonly #drafts = new Map<string, Draft>();

  constructor(packages: ReadonlyMap<string, StoredEntry>) {
    this.#packages = packages;
  }

  /** Whether anything is there: of a package, or written already. `path` may be absolute. */
  has(path: string): boolean {
    const place = this.#place(path);
    return this.#drafts.has(place) || this.#packages.has(place);
  }

  /** What is at a path, without following links. */
  look(path: string): StoredEntry["type"] | undefined {
    const place = this.#place(path);
    return (this.#drafts.get(place) ?? this.#packages.get(place))?.type;
  }

  /** Paths of all that is below a directory. */
  below(path: string): readonly string[] {
    const prefix = `${this.#place(path)}/`;
    const all = new Set([...this.#packages.keys(), ...this.#drafts.keys()]);
    return [...all].filter((other) => other.startsWith(prefix)).sort();
  }

  /** Names of what is directly in a directory, sorted. */
  names(path: string): readonly string[] {
    const prefix = `${this.#place(path)}/`;
    const all = [...this.#packages.keys(), ...this.#drafts.keys()];
    const inside = all.filter((other) => other.startsWith(prefix) && !other.includes("/", prefix.length));
    return [...new Set(inside)].map((other) => other.slice(prefix.length)).sort();
  }

  /** Reads a file in parts, links followed; undefined for what is no file of a package. */
  reader(path: string): ((offset: number, length: number) => Uint8Array) | undefined {
    let place = this.#place(path);
    for (let hops = 0; hops < 10; hops += 1) {
      const entry = this.#drafts.has(place) ? undefined : this.#packages.get(place);
      if (entry?.type === "symlink") place = followed(place, entry.target);
      else if (entry?.type !== "file") return undefined;
      else {
        const { content } = entry;
        if (content?.kind !== "stored") return undefined;
        return (offset, length) => content.slice(offset, Math.max(0, Math.min(length, content.size - offset)));
      }
    }
    return undefined;
  }

  /** Whether there is a directory with nothing in it. */
  isEmptyDirectory(path: string): boolean {
    return this.look(path) === "directory" && this.below(path).length === 0;
  }

  /** The files of packages that `wanted` wants, sorted by path. */
  files(wanted: (path: string) => boolean): readonly { readonly path: string; readonly content: Buffer }[] {
    return [...this.#packages.values()]
      .filter(({ path, type }) => type === "file" && wanted(path))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map((entry) => ({ path: entry.path, content: bytesOf(entry) }));
  }

  /** Text of a file; undefined when there is none. */
  text(path: string): string | undefined {
    return this.#bytes(this.#place(path))?.toString("utf8");
  }

  directory(path: string, owner: Ownership = {}): void {
    this.#put(path, { type: "directory", usual: 0o755, ...owner });
  }

  file(path: string, bytes: Buffer, owner: Ownership = {}): void {
    this.#put(path, { type: "file", usual: 0o644, bytes, ...owner });
  }

  link(path: string, target: string): void {
    this.#put(path, { type: "symlink", usual: 0o777, target });
  }

  /** A link at the root itself, as `bin` of a merged `/usr`: its path is not mapped. */
  topLink(path: string, target: string): void {
    this.#drafts.set(path, { type: "symlink", mode: 0o777, uid: 0, gid: 0, target, bytes: Buffer.alloc(0) });
  }

  /** Takes back what was written; files of packages stay. */
  drop(path: string): void {
    this.#drafts.delete(this.#place(path));
  }

  /** Sets mode and owner of what is there; false when nothing is, or a link. */
  own(path: string, owner: Ownership): boolean {
    const place = this.#place(path);
    const there = this.#drafts.get(place) ?? this.#packages.get(place);
    if (there === undefined || there.type === "symlink") return false;
    const { type, mode, uid, gid } = there;
    const isSame = [owner.mode ?? mode, owner.uid ?? uid, owner.gid ?? gid].join() === [mode, uid, gid].join();
    if (isSame) return true;
    const bytes = type === "file" ? this.#bytes(place) : undefined;
    this.#put(place, { type, usual: mode, bytes, mode: owner.mode, uid: owner.uid ?? uid, gid: owner.gid ?? gid });
    return true;
  }

  /** Changes the mode of what is there, as chmod(1) would. */
  changeMode(path: string, change: string): void {
    const place = this.#place(path);
    const there = this.#drafts.get(place) ?? this.#packages.get(place);
    if (there === undefined || there.type === "symlink") return;
    this.own(path, { mode: changedMode(there.mode, change, there.type === "directory") });
  }

  /** Copies a file to where nothing is, as cp(1) would; a directory only when `recursive`. What is not there is not copied. */
  copy(from: string, to: string, { recursive, ...owner }: Ownership & { readonly recursive: boolean }): void {
    const place = this.#place(from);
    const there = this.#drafts.get(place) ?? this.#packages.get(place);
    if (there?.type === "directory") {
      if (!recursive) return;
      this.directory(to, { mode: there.mode, ...owner });
      for (const path of this.below(from)) {
        const target = `${to}${path.slice(place.length)}`;
        if (!this.has(target)) this.copy(path, target, { ...owner, recursive: this.look(path) === "directory" });
      }
      return;
    }
    const bytes = this.#bytes(place);
    if (bytes === undefined) return;
    const { type, mode, target } = there ?? { type: "file", mode: 0o644, target: "" };
    if (type === "symlink" && recursive) this.link(to, target);
    else this.file(to, bytes, { ...owner, mode: owner.mode ?? (type === "file" ? mode : 0o644) });
  }

  /** Raises a package's entry over those of others. */
  raise(entry: StoredEntry): void {
    const { type, mode, uid, gid, target } = entry;
    this.#put(entry.path, { type, usual: mode, uid, gid, target, bytes: type === "file" ? bytesOf(entry) : undefined });
  }

  /** Writes the whole. */
  async write(store: Store): Promise<StoredTree> {
    const writer = new StoredTreeWriter(store);
    try {
      for (const [path, { type, mode, uid, gid, target, bytes }] of [...this.#drafts].sort(([a], [b]) =>
        a < b ? -1 : 1,
      )) {
        if (type === "file") await writer.addFile({ path, mode, uid, gid }, bytes.length === 0 ? [] : [bytes]);
        else writer.add({ path, type, mode, uid, gid, target });
      }
      return writer.commit();
    } catch (error) {
      writer.abort();
      throw error;
    }
  }

  /** The path in the image of one that scripts name: links of its directories are followed, as `/var/run` leads to `/run`. */
  #place(path: string): string {
    let place = imagePathOf(path);
    for (let hops = 0; hops < MAX_LINKS; hops += 1) {
      const link = this.#linkAbove(place);
      if (link === undefined) break;
      place = imagePathOf(`${followed(link.path, link.target)}${place.slice(link.path.length)}`);
    }
    return place;
  }

  /** The first link on the way to a path. */
  #linkAbove(place: string): { readonly path: string; readonly target: string } | undefined {
    for (let end = place.indexOf("/"); end !== -1; end = place.indexOf("/", end + 1)) {
      const path = place.slice(0, end);
      const there = this.#drafts.get(path) ?? this.#packages.get(path);
      if (there?.type === "symlink") return { path, target: there.target };
    }
    return undefined;
  }

  #bytes(place: string): Buffer | undefined {
    const draft = this.#drafts.get(place);
    if (draft !== undefined) return draft.type === "file" ? draft.bytes : undefined;
    const entry = this.#packages.get(place);
    if (entry?.type === "symlink") return this.#bytes(followed(place, entry.target));
    return entry?.type === "file" ? bytesOf(entry) : undefined;
  }

  #put(
    path: string,
    made: Ownership & {
      readonly type: Draft["type"];
      readonly usual: number;
      readonly target?: string | undefined;
      readonly bytes?: Buffer | undefined;
    },
  ): void {
    const place = this.#place(path);
    if (place === "" || place.split("/").includes("..")) {
      throw new ImgbuildError("internal", `Internal error: "${path}" cannot be written over packages`);
    }
    const { type, usual, mode = usual, uid = 0, gid = 0, target = "", bytes = Buffer.alloc(0) } = made;
    this.#drafts.set(place, { type, mode, uid, gid, target, bytes });
  }
}

/** Where a link leads, one step. */
function followed(path: string, target: string): string {
  const parts = target.startsWith("/") ? [] : path.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return imagePathOf(parts.join("/"));
}
