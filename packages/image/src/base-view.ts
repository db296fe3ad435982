import { IMPLIED_DIRECTORY, type IndexEntry, type LayerIndex } from "./layer-index.ts";

/** What a container sees of layers stacked on each other, whiteouts applied. Asks no more layers than it must. */
export class BaseView {
  readonly #lower: BaseView | undefined;
  readonly #layer: LayerIndex;
  /** Per directory: whether lower layers are hidden below it. */
  readonly #hidden = new Map<string, boolean>([]);

  constructor(lower: BaseView | undefined, layer: LayerIndex) {
    this.#lower = lower;
    this.#layer = layer;
  }

  /** What stands at a path; the root is the empty string. Links are not followed. */
  get(path: string): IndexEntry | undefined {
    const { entries, implied, whiteouts } = this.#layer;
    const own = entries.get(path);
    // A member may stand below one that is no directory; then the directory is implied, and the later of both.
    if (own !== undefined && !implied.has(path)) return own;
    const lower = whiteouts.has(path) || this.#hides(parentOf(path)) ? undefined : this.#lower?.get(path);
    if (!implied.has(path)) return lower;
    return lower?.type === "directory" ? lower : IMPLIED_DIRECTORY;
  }

  /** Whether lower layers do not decide what is at a path, since this one does or hides it. */
  covers(path: string): boolean {
    const { entries, implied, whiteouts } = this.#layer;
    return entries.has(path) || implied.has(path) || whiteouts.has(path) || this.#hides(parentOf(path));
  }

  /** Every path, in no order. */
  *paths(): Generator<string> {
    const { entries, implied } = this.#layer;
    yield* entries.keys();
    for (const path of implied) if (!entries.has(path)) yield path;
    for (const path of this.#lower?.paths() ?? []) if (!this.covers(path)) yield path;
  }

  /** Whether lower layers are hidden in this directory: it is opaque, deleted or no directory here, or one above is. */
  #hides(directory: string | undefined): boolean {
    if (directory === undefined) return false;
    const known = this.#hidden.get(directory);
    if (known !== undefined) return known;
    const { entries, implied, whiteouts, opaque } = this.#layer;
    const own = entries.get(directory);
    const replaced = own !== undefined && own.type !== "directory" && !implied.has(directory);
    const hides = opaque.has(directory) || whiteouts.has(directory) || replaced || this.#hides(parentOf(directory));
    this.#hidden.set(directory, hides);
    return hides;
  }
}

function parentOf(path: string): string | undefined {
  if (path === "") return undefined;
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}
