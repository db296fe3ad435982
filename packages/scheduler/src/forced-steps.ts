import type { DerivationId, Graph } from "@imgbuild/graph";
import { closure } from "./reachable.ts";

/**
 * What `--force` makes run again: everything that the forced targets need, down to where another target begins. The
 * others are reached by early cutoff alone: they run only if an output really changed.
 */
export function forcedSteps(graph: Graph, labels: ReadonlySet<string>): ReadonlySet<DerivationId> {
  if (labels.size === 0) return new Set();
  const forced = graph.targets.filter((target) => labels.has(target.label)).map((target) => target.derivation);
  const other = new Set(graph.targets.map((target) => target.derivation));
  return closure(graph, forced, (id) => other.has(id));
}
