import { type DerivationId, type Graph, type InputHash, inputHash, type LeafReading } from "@imgbuild/graph";
import { derivationOf, reachable } from "./reachable.ts";

/**
 * Input hashes of `ids` and of all they need. What depends on a leaf that could not be read has no hash and is absent
 * from the result. Needs no build and no store.
 */
export function hashInputs(
  graph: Graph,
  ids: Iterable<DerivationId>,
  reading: Pick<LeafReading, "leaves" | "errors">,
): Map<DerivationId, InputHash> {
  const hashes = new Map<DerivationId, InputHash>();
  for (const id of reachable(graph, ids)) {
    if (reading.errors.has(id)) continue;
    const derivation = derivationOf(graph, id);
    const inputs = derivation.inputs.map((input) => hashes.get(input));
    if (inputs.every((hash) => hash !== undefined)) {
      hashes.set(id, inputHash(derivation, reading.leaves.get(id), inputs));
    }
  }
  return hashes;
}
