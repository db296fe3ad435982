import { ImgbuildError } from "@imgbuild/errors";
import type { Derivation, DerivationId, Graph } from "@imgbuild/graph";

/**
 * The derivations that `roots` need, themselves included, in the order of the graph: inputs before their users.
 * Throws `internal` when the graph lacks one of them.
 */
export function reachable(graph: Graph, roots: Iterable<DerivationId>): ReadonlySet<DerivationId> {
  const needed = closure(graph, roots);
  return new Set([...graph.derivations.keys()].filter((id) => needed.has(id)));
}

/** Like {@link reachable}, in no order; does not go below a derivation for which `stopAt` is true. */
export function closure(
  graph: Graph,
  roots: Iterable<DerivationId>,
  stopAt: (id: DerivationId) => boolean = () => false,
): ReadonlySet<DerivationId> {
  const found = new Set(roots);
  // A Set iterates what is added on the way, so this is the whole walk, without recursion.
  for (const id of found) {
    const { inputs } = derivationOf(graph, id);
    for (const input of inputs) if (!stopAt(input)) found.add(input);
  }
  return found;
}

/** The derivation with an id. Throws `internal` when the graph has none. */
export function derivationOf(graph: Graph, id: DerivationId): Derivation {
  const derivation = graph.derivations.get(id);
  if (derivation !== undefined) return derivation;
  throw new ImgbuildError("internal", `Internal error: the graph has no derivation "${id}"`);
}
