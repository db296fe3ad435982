import { followLinks, joinPath, type Look, parentOf } from "./follow-links.ts";
import type { SourceNode } from "./source-tree.ts";

/** What a tree is placed over. */
export interface Ground {
  readonly look: Look;
  /** Told a path that a directory takes, where something else stands. */
  readonly replaced?: ((path: string) => void) | undefined;
  /** Told two nodes that come to one path. */
  readonly meet: (path: string, nodes: readonly [SourceNode, SourceNode]) => SourceNode;
}

/**
 * The nodes of a tree where they come to be when it is placed over what is there: a directory that meets a symbolic link
 * to a directory goes through it (merged /usr: `bin/x` becomes `usr/bin/x`). A link that leads nowhere, or to no directory,
 * is replaced. Links of the tree itself are not followed.
 */
export function throughLinks(nodes: ReadonlyMap<string, SourceNode>, ground: Ground): Map<string, SourceNode> {
  const places = new Map([["", ""]]);
  const place = (path: string): string => {
    const known = places.get(path);
    if (known !== undefined) return known;
    const wanted = joinPath(place(parentOf(path)), path.slice(path.lastIndexOf("/") + 1));
    const there = ground.look(wanted);
    const real = there?.type === "symlink" ? followLinks(wanted, ground.look) : undefined;
    if (there !== undefined && there.type !== "directory" && real === undefined) ground.replaced?.(wanted);
    places.set(path, real ?? wanted);
    return real ?? wanted;
  };
  const placed = new Map<string, SourceNode>();
  for (const [path, node] of nodes) {
    const at =
      node.type === "directory" ? place(path) : joinPath(place(parentOf(path)), path.slice(path.lastIndexOf("/") + 1));
    const other = placed.get(at);
    placed.set(at, other === undefined ? node : ground.meet(at, [other, node]));
  }
  return placed;
}
