import { ImgbuildError } from "@imgbuild/errors";
import type { LayerArgs } from "@imgbuild/graph";
import { type LayerContent, type LayerEntry, sortPaths } from "@imgbuild/image";
import type { TarHeader } from "@imgbuild/tar";
import type { SourceNode } from "./source-tree.ts";

/** Every file of a layer has this time: one second after the epoch, since some tools take zero for "none". */
const LAYER_MTIME = 1;

/**
 * The members of a layer, in order: sorted by the bytes of their path, with every directory above a member present.
 * Owners that the source does not say are those of the layer; so are modes, as 0755 and 0644.
 */
export function layerEntries(nodes: ReadonlyMap<string, SourceNode>, args: LayerArgs): LayerEntry[] {
  const paths: string[] = [];
  const implied = new Set<string>();
  for (const [path, node] of nodes) {
    // The root itself is a member only when somebody gave it an owner or a mode.
    if (path === "" && node.mode === null && node.uid === null && node.gid === null) continue;
    paths.push(path === "" ? "." : path);
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const parent = path.slice(0, at);
      if (implied.has(parent)) break;
      implied.add(parent);
    }
  }
  for (const path of implied) if (!nodes.has(path)) paths.push(path);
  return sortPaths(paths).map((path) => new NodeEntry(path, nodes.get(path === "." ? "" : path), args));
}

/** The same for a layer. A file of a source must not delete what is below it: throws `conflict` for a name that does. */
export function sourceEntries(nodes: ReadonlyMap<string, SourceNode>, args: LayerArgs): LayerEntry[] {
  for (const path of nodes.keys()) {
    if (!path.includes(".wh.") || !path.split("/").some((name) => name.startsWith(".wh."))) continue;
    throw new ImgbuildError(
      "conflict",
      `Cannot place "/${path}": names that begin with .wh. mark deletions in layers`,
      {
        hint: "Leave it out with exclude, or give it another name",
      },
    );
  }
  return layerEntries(nodes, args);
}

/** A member that makes its header when asked: a layer may have hundreds of thousands, and few are looked at at a time. */
class NodeEntry implements LayerEntry {
  // A property of its own, so that a copy with another header has it.
  readonly content: LayerContent | undefined;
  readonly #path: string;
  readonly #node: SourceNode | undefined;
  readonly #args: LayerArgs;

  constructor(path: string, node: SourceNode | undefined, args: LayerArgs) {
    this.#path = path;
    this.#node = node;
    this.#args = args;
    this.content = node?.content;
  }

  get header(): TarHeader {
    const node = this.#node;
    const type = node?.type ?? "directory";
    const usual = type === "symlink" ? 0o777 : type === "directory" || node?.executable === true ? 0o755 : 0o644;
    return {
      path: this.#path,
      type,
      mode: node?.mode ?? usual,
      uid: node?.uid ?? this.#args.uid,
      gid: node?.gid ?? this.#args.gid,
      uname: "",
      gname: "",
      size: this.content?.size ?? 0,
      mtime: LAYER_MTIME,
      linkname: node?.target ?? "",
      devMajor: 0,
      devMinor: 0,
    };
  }
}
