import type { LayerListing, ListedNode } from "./layer-listing.ts";

const MAX_LINKS = 40;

/** What stacked layers show together, without touching the disk. */
export class BaseView {
  readonly #layers: readonly LayerListing[];

  /** `layers` lowest first. */
  constructor(layers: readonly LayerListing[]) {
    this.#layers = [...layers].reverse();
  }

  /** What stands at a path that is written without links in it; undefined for nothing. "" is the root. */
  at(path: string): ListedNode | undefined {
    for (const layer of this.#layers) {
      const node = layer.get(path);
      if (node !== undefined) return node.type === "whiteout" ? undefined : node;
      if (hides(layer, path)) return undefined;
    }
    return undefined;
  }

  /**
   * The path that `path` really names when links of the layers above its last part are followed, all inside the root. What
   * `own` says of a path counts before the layers: a real directory of the new files is no link any more.
   */
  resolveParents(path: string, own: (path: string) => "directory" | "other" | undefined): string {
    const slash = path.lastIndexOf("/");
    if (slash < 0) return path;
    let todo = path.slice(0, slash).split("/");
    let at = "";
    for (let links = 0; todo.length > 0; ) {
      const [part = "", ...rest] = todo;
      todo = rest;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        at = at.slice(0, Math.max(at.lastIndexOf("/"), 0));
        continue;
      }
      const next = at === "" ? part : `${at}/${part}`;
      const node = own(next) === undefined ? this.at(next) : undefined;
      if (node?.type !== "symlink" || ++links > MAX_LINKS) {
        at = next;
        continue;
      }
      if (node.target.startsWith("/")) at = "";
      todo = [...node.target.split("/"), ...todo];
    }
    return at === "" ? path.slice(slash + 1) : `${at}/${path.slice(slash + 1)}`;
  }
}

/** Whether a layer hides whatever lower layers have at a path that it has not itself. */
function hides(layer: LayerListing, path: string): boolean {
  for (let end = path.length; end > 0; ) {
    end = path.lastIndexOf("/", end - 1);
    const above = layer.get(end < 0 ? "" : path.slice(0, end));
    if (above !== undefined && (above.type !== "directory" || above.opaque)) return true;
    if (end < 0) return false;
  }
  return false;
}
