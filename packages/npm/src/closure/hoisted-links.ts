import { byCodeUnit } from "../lock/by-code-unit.ts";
import { requiredName } from "../lock/install-path.ts";
import type { TreeLink } from "./closure.ts";
import type { Reached } from "./reach.ts";

/**
 * The links of `node_modules/.pnpm/node_modules`, where third-party packages find what they forgot to declare (pnpm's
 * `hoist`): every name once, the package nearest to the workspace, then the first by path.
 */
export function hoistedLinks(reached: Reached): TreeLink[] {
  const depth = depths(reached);
  const packages = reached.nodes
    .map((node) => node.installPath)
    .filter((path) => path.startsWith("node_modules/.pnpm/"))
    .sort((a, b) => (depth.get(a) ?? 0) - (depth.get(b) ?? 0) || byCodeUnit(a, b));
  const links = new Map<string, TreeLink>();
  for (const target of packages) {
    const path = `node_modules/.pnpm/node_modules/${requiredName(target) ?? ""}`;
    if (!links.has(path)) links.set(path, { path, target });
  }
  return [...links.values()];
}

function depths(reached: Reached): ReadonlyMap<string, number> {
  const depth = new Map<string, number>();
  const [start] = reached.nodes;
  if (start !== undefined) depth.set(start.installPath, 0);
  // Edges are in the order of the walk, which is breadth first: the first edge to a node is a shortest way.
  for (const { from, to } of reached.edges) if (!depth.has(to)) depth.set(to, (depth.get(from) ?? 0) + 1);
  return depth;
}
