import type { Derivation, DerivationId, Graph, InputHash, JsonValue, Leaf, Target } from "@imgbuild/graph";
import { closure, derivationOf } from "./reachable.ts";

/** A leaf that a target was built from. */
export interface LeafRecord {
  /** Relative to the workspace. */
  readonly path: string;
  /** Id of the leaf's derivation: one path may be read with several selections. */
  readonly recipe: string;
  /** {@link Leaf.digest}. */
  readonly digest: string;
}

/** What a target was built from: kept after a build as JSON, so that the next miss can be explained. */
export interface TargetRecord {
  readonly inputHash: string;
  /** Id of the target's derivation. */
  readonly recipe: string;
  /** In an order that depends on the graph alone. */
  readonly leaves: readonly LeafRecord[];
  /** Arguments of the target's derivation. */
  readonly args: JsonValue;
}

/** The record of a target as it is now. `leaves` holds every leaf that could be read. */
export function targetRecord(
  graph: Graph,
  target: Target,
  now: { readonly inputHash: InputHash; readonly leaves: ReadonlyMap<DerivationId, Leaf> },
): TargetRecord {
  const leaves: LeafRecord[] = [];
  for (const id of closure(graph, [target.derivation])) {
    const leaf = now.leaves.get(id);
    if (leaf !== undefined) leaves.push({ path: pathOf(derivationOf(graph, id)), recipe: id, digest: leaf.digest });
  }
  const { args } = derivationOf(graph, target.derivation);
  return { inputHash: now.inputHash, recipe: target.derivation, leaves, args };
}

/** Every leaf kind has its place in `args.path`; one that has none is named by its kind. */
function pathOf(leaf: Derivation): string {
  const args = leaf.args as { readonly path?: JsonValue } | null;
  return typeof args?.path === "string" ? args.path : leaf.kind;
}
