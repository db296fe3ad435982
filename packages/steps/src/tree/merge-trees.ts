import { ImgbuildError, type Position } from "@imgbuild/errors";
import type { DerivationId, Graph } from "@imgbuild/graph";
import { describeSource } from "./describe-source.ts";
import { sameNode, type SourceNode } from "./source-tree.ts";

/** What happens when two trees have one path, and what messages need. */
export interface MergeRule {
  readonly conflict: "error" | "first" | "last";
  readonly context: { readonly graph: Graph };
  readonly position: Position | null;
}

/**
 * The union of trees, in order. Directories unite (the later owner and mode count where it gives them); equal nodes are
 * no conflict. Where a file replaces a directory, what was below the directory goes too. With the rule `error`, two
 * different nodes at one path throw `conflict` naming the path and both authors.
 */
export function mergeTrees(trees: readonly ReadonlyMap<string, SourceNode>[], rule: MergeRule): Map<string, SourceNode> {
  const [first, ...rest] = trees;
  const merged = new Map(first);
  for (const tree of rest) for (const [path, node] of tree) add(merged, { path, node }, rule);
  if (rest.length > 0) checkParents(merged, rule);
  return merged;
}

function add(
  merged: Map<string, SourceNode>,
  at: { readonly path: string; readonly node: SourceNode },
  rule: MergeRule,
): void {
  const { path, node } = at;
  const present = merged.get(path);
  if (present === undefined) {
    merged.set(path, node);
    return;
  }
  if (present.type === "directory" && node.type === "directory") {
    merged.set(path, unite(present, node));
    return;
  }
  if (sameNode(present, node) || rule.conflict === "first") return;
  if (rule.conflict === "error") throw clash(`/${path}`, [present.author, node.author], rule);
  if (present.type === "directory") removeBelow(merged, path);
  merged.set(path, node);
}

function unite(a: SourceNode, b: SourceNode): SourceNode {
  const owner = { uid: b.uid ?? a.uid, gid: b.gid ?? a.gid, mode: b.mode ?? a.mode };
  return { ...a, ...owner };
}

function removeBelow(merged: Map<string, SourceNode>, path: string): void {
  for (const other of [...merged.keys()]) if (other.startsWith(`${path}/`)) merged.delete(other);
}

/** Nothing may stand below a file or link: with `last` the directory wins if it came later, else it is a conflict. */
function checkParents(merged: Map<string, SourceNode>, rule: MergeRule): void {
  for (const [path, node] of merged) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const parent = path.slice(0, at);
      const above = merged.get(parent);
      if (above === undefined || above.type === "directory") continue;
      throw clash(`/${parent}`, [above.author, node.author], rule, `is a ${above.type} in one and has "${path}" below it in the other`);
    }
  }
}

function clash(path: string, authors: readonly [DerivationId, DerivationId], rule: MergeRule, what?: string): ImgbuildError {
  const [a, b] = authors.map((author) => describeSource(author, rule.context.graph));
  const detail = what ?? "they differ in content, kind, mode or owner";
  return new ImgbuildError("conflict", `Cannot put both ${a} and ${b} at "${path}": ${detail}`, {
    position: rule.position,
    hint: 'Leave one of them out with exclude, or say which wins with merge([...], { conflict: "last" })',
  });
}
