import { safePath, type TarHeader } from "@imgbuild/tar";
import { entryOf, type IndexEntry, type LayerIndex } from "./layer-index.ts";

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";

/** Makes the index of a layer from its members, in their order. */
export class IndexBuilder {
  readonly #entries = new Map<string, IndexEntry>();
  readonly #whiteouts = new Set<string>();
  readonly #opaque = new Set<string>();
  readonly #hardlinks = new Map<string, string>();
  readonly #repeated = new Map<string, number>();
  readonly #seen = new Set<string>();

  /** Adds a member; of two with one path the later counts. Throws `path-escape` for a path with `..`. */
  add(header: TarHeader, sha256: string): void {
    const path = safePath(header.path);
    // A name that no string can hold was read with a sign for "unknown": two names may look equal.
    if (path.includes("\ufffd")) return;
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    const parent = slash < 0 ? "" : path.slice(0, slash);
    if (name === OPAQUE) this.#opaque.add(parent);
    else if (name.startsWith(`${WHITEOUT}${WHITEOUT}`)) return;
    else if (name.startsWith(WHITEOUT)) this.#whiteouts.add(join(parent, name.slice(WHITEOUT.length)));
    else if (header.type === "hardlink") this.#putLink(path, safePath(header.linkname));
    else {
      if (this.#seen.has(path)) this.#repeated.set(path, (this.#repeated.get(path) ?? 1) + 1);
      this.#seen.add(path);
      this.#put(path, entryOf(header, sha256));
    }
  }

  #putLink(path: string, linkname: string): void {
    if (path === linkname) return;
    const target = this.#hardlinks.get(linkname) ?? linkname;
    this.#put(path, this.#entries.get(target));
    if (this.#entries.has(target)) this.#hardlinks.set(path, target);
  }

  #put(path: string, entry: IndexEntry | undefined): void {
    // A hard link to what the layer does not have: nobody knows what it is, so nothing is said to be equal to it.
    if (entry === undefined) return;
    const before = this.#entries.get(path);
    if (before?.type === "directory" && entry.type !== "directory") {
      for (const other of [...this.#entries.keys()]) if (other.startsWith(`${path}/`)) this.#entries.delete(other);
    }
    this.#entries.set(path, entry);
    this.#hardlinks.delete(path);
  }

  finish(): LayerIndex {
    return finishIndex({
      entries: this.#entries,
      hardlinks: this.#hardlinks,
      whiteouts: this.#whiteouts,
      opaque: this.#opaque,
      repeated: this.#repeated,
    });
  }
}

/** Adds the directories that are implied. */
function finishIndex(parts: Omit<LayerIndex, "implied">): LayerIndex {
  const implied = new Set<string>();
  const need = (path: string): void => {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const parent = path.slice(0, at);
      if (implied.has(parent)) return;
      if (parts.entries.get(parent)?.type !== "directory") implied.add(parent);
    }
  };
  for (const path of parts.entries.keys()) need(path);
  for (const path of parts.opaque) need(`${path}/x`);
  return { ...parts, implied };
}

function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}
