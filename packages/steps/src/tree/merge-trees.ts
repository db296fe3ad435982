import { ImgbuildError, type Position } from "@imgbuild/errors";
import type { DerivationId, Graph } from "@imgbuild/graph";
import { describeSource } from "./describe-source.ts";
import type { Look, Standing } from "./follow-links.ts";
import { type SourceNode, sameNode } from "./source-tree.ts";
import { type Ground, throughLinks } from "./through-links.ts";

/** What happens when two trees have one path, and what messages need. */
export interface MergeRule {
  readonly conflict: "error" | "first" | "last";
  readonly context: { readonly graph: Graph };
  readonly position: Position | null;
  /** What is below all trees; given, directories go through links to directories, there and in earlier trees. */
  readonly ground?: Look | undefined;
}

/**
 * The union of trees, in order; one tree alone is given back as it is. Directories unite (the later owner and mode count where it gives them); equal nodes are
 * no conflict. Where a file replaces a directory, what was below the directory goes too. With the rule `error`, two
 * different nodes at one path throw `conflict` naming the path and both authors.
 */
export function mergeTrees(trees: readonly Map<string, SourceNode>[], rule: MergeRule): Map<string, SourceNode> {
  const [first = new Map<string, SourceNode>(), ...rest] = trees;
  const { ground } = rule;
  if (rest.length === 0 && ground === undefined) return first;
  const union: Union = { nodes: new Map(), implied: new Set() };
  for (const tree of trees) {
    const placed = ground === undefined ? tree : placedOver(tree, union, { ...rule, ground });
    for (const [path, node] of placed) add(union, { path, node }, rule);
  }
  checkParents(union.nodes, rule);
  return union.nodes;
}

/** What was united so far. */
interface Union {
  readonly nodes: Map<string, SourceNode>;
  /** Directories that what is below them implies. */
  readonly implied: Set<string>;
}

/** A tree where it comes to be over the trees before it. */
function placedOver(
  tree: ReadonlyMap<string, SourceNode>,
  { nodes, implied }: Union,
  rule: MergeRule & { readonly ground: Look },
): ReadonlyMap<string, SourceNode> {
  const look = (path: string): Standing | undefined => {
    const node = nodes.get(path);
    if (node !== undefined) return { type: node.type, link: node.target };
    return implied.has(path) ? { type: "directory", link: "" } : rule.ground(path);
  };
  const replaced = (path: string): void => {
    if (rule.conflict === "last") nodes.delete(path);
  };
  return throughLinks(tree, { look, replaced, meet: meeting(rule) });
}

/** What {@link throughLinks} asks when two nodes of one tree come to one path. */
export function meeting(rule: Pick<MergeRule, "context" | "position">): Ground["meet"] {
  return (path, [a, b]) => {
    if (a.type === "directory" && b.type === "directory") return unite(a, b);
    if (sameNode(a, b)) return a;
    const what = "one of them goes there through a symbolic link below, and they differ";
    throw clash(`/${path}`, [a.author, b.author], rule, what);
  };
}

function add(
  { nodes, implied }: Union,
  at: { readonly path: string; readonly node: SourceNode },
  rule: MergeRule,
): void {
  const { path, node } = at;
  if (rule.ground !== undefined) {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const parent = path.slice(0, end);
      if (implied.has(parent)) break;
      implied.add(parent);
    }
  }
  const present = nodes.get(path);
  if (present === undefined) {
    nodes.set(path, node);
    return;
  }
  if (present.type === "directory" && node.type === "directory") {
    nodes.set(path, unite(present, node));
    return;
  }
  if (sameNode(present, node) || rule.conflict === "first") return;
  if (rule.conflict === "error") throw clash(`/${path}`, [present.author, node.author], rule);
  if (present.type === "directory") removeBelow(nodes, path);
  nodes.set(path, node);
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
      throw clash(
        `/${parent}`,
        [above.author, node.author],
        rule,
        `is a ${above.type} in one and has "${path}" below it in the other`,
      );
    }
  }
}

function clash(
  path: string,
  authors: readonly [DerivationId, DerivationId],
  rule: Pick<MergeRule, "context" | "position">,
  what?: string,
): ImgbuildError {
  const [a, b] = authors.map((author) => describeSource(author, rule.context.graph));
  const detail = what ?? "they differ in content, kind, mode or owner";
  return new ImgbuildError("conflict", `Cannot put both ${a} and ${b} at "${path}": ${detail}`, {
    position: rule.position,
    hint: 'Leave one of them out with exclude, or say which wins with merge([...], { conflict: "last" })',
  });
}
