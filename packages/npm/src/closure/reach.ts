import type { GraphEdge, GraphNode, PackageGraph } from "./package-graph.ts";

/** Dependencies that a walk takes beside those of production, by name. */
export interface Tools {
  /** Install path of the workspace. */
  readonly workspace: string;
  /** Dev dependencies of the workspace. */
  readonly own: ReadonlySet<string>;
  /** Dependencies of the root, of which the walk takes no others. */
  readonly ofRoot: ReadonlySet<string>;
}

/** Which kinds of dependencies a walk follows. */
export interface Follow {
  /** Dev dependencies of every first-party package on the way (third-party packages have none in a graph), or tools alone. */
  readonly dev: boolean | Tools;
  readonly optional: boolean;
  readonly optionalPeers: boolean;
}

/** A dependency that the walk followed. */
interface FollowedEdge extends GraphEdge {
  readonly from: string;
  readonly to: string;
}

/** What a walk found. */
export interface Reached {
  /** Every node in order of discovery, the starts first: shortest way first. */
  readonly nodes: readonly GraphNode[];
  /** Install paths that are needed without any optional dependency on the way. */
  readonly required: ReadonlySet<string>;
  readonly edges: readonly FollowedEdge[];
  readonly missing: readonly { readonly from: GraphNode; readonly edge: GraphEdge }[];
  readonly misfits: readonly GraphNode[];
}

/**
 * Walks a graph from `starts`. An optional dependency is skipped as a whole when it, or anything it requires, is missing
 * or does not run on the target platform, as npm does it. What is wrong on the required way is returned, not thrown.
 */
export function reach(graph: PackageGraph, starts: readonly string[], follow: Follow): Reached {
  const usable = usability(graph);
  const nodes: GraphNode[] = [];
  const edges: FollowedEdge[] = [];
  const missing: Reached["missing"][number][] = [];
  const misfits: GraphNode[] = [];
  const seen = new Set(starts);
  // A Set gives what is added during the loop too: this is breadth first.
  for (const at of seen) {
    const node = graph.node(at);
    nodes.push(node);
    if (node.misfit !== undefined && node.within === undefined) misfits.push(node);
    for (const edge of node.edges) {
      if (!followed(edge, at, follow)) continue;
      const { to } = edge;
      if (isOptional(edge) && (to === undefined || !usable(to))) continue;
      if (to === undefined) missing.push({ from: node, edge });
      else edges.push({ ...edge, to, from: at });
      if (to !== undefined) seen.add(to);
    }
  }
  return { nodes, required: requiredFrom(starts, edges), edges, missing, misfits };
}

/** Whether its owner works without it. */
export function isOptional(edge: GraphEdge): boolean {
  return edge.type === "optional" || edge.type === "peerOptional";
}

function followed(edge: GraphEdge, from: string, follow: Follow): boolean {
  const { dev } = follow;
  if (typeof dev !== "boolean") {
    if (from === "" && dev.workspace !== "") return dev.ofRoot.has(edge.name);
    if (edge.type === "dev") return from === dev.workspace && dev.own.has(edge.name);
  } else if (edge.type === "dev") return dev;
  if (edge.type === "optional") return follow.optional;
  if (edge.type === "peerOptional") return follow.optional && follow.optionalPeers;
  return true;
}

/** Whether a package and all it requires are there and run on the target. Each strongly connected part is judged once. */
function usability(graph: PackageGraph): (installPath: string) => boolean {
  const known = new Map<string, boolean>();
  return (installPath) => {
    const answer = known.get(installPath);
    if (answer !== undefined) return answer;
    const visited = new Set([installPath]);
    let good = true;
    for (const at of visited) {
      const decided = known.get(at);
      if (decided === true) continue;
      const node = graph.node(at);
      const needs = node.edges.filter(
        (edge) => edge.type === "prod" || (edge.type === "peer" && edge.to !== undefined),
      );
      const bad = node.misfit !== undefined && node.within === undefined;
      if (decided === false || bad || needs.some((edge) => edge.to === undefined)) {
        good = false;
        break;
      }
      for (const { to } of needs) if (to !== undefined) visited.add(to);
    }
    if (good) for (const at of visited) known.set(at, true);
    else known.set(installPath, false);
    return good;
  };
}

function requiredFrom(starts: readonly string[], edges: readonly FollowedEdge[]): ReadonlySet<string> {
  const out = new Map<string, string[]>();
  for (const edge of edges) {
    if (isOptional(edge)) continue;
    const targets = out.get(edge.from);
    if (targets === undefined) out.set(edge.from, [edge.to]);
    else targets.push(edge.to);
  }
  const required = new Set(starts);
  for (const at of required) for (const to of out.get(at) ?? []) required.add(to);
  return required;
}
