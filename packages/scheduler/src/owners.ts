import { byCodeUnit, type DerivationId, type Graph, type Target } from "@imgbuild/graph";
import { closure } from "./reachable.ts";

/**
 * The label under which each needed derivation is reported: the first requested target that needs it. Targets that
 * others build on come first, so that the layers of a base belong to the base; else by label.
 */
export function ownersOf(graph: Graph, targets: readonly Target[]): ReadonlyMap<DerivationId, string> {
  const rank = new Map([...graph.derivations.keys()].map((id, index) => [id, index]));
  const rankOf = (target: Target): number => rank.get(target.derivation) ?? 0;
  const order = [...targets].sort((a, b) => rankOf(a) - rankOf(b) || byCodeUnit(a.label, b.label));
  const owners = new Map<DerivationId, string>();
  for (const target of order) {
    if (owners.has(target.derivation)) continue;
    for (const id of closure(graph, [target.derivation], (input) => owners.has(input))) owners.set(id, target.label);
  }
  return owners;
}
