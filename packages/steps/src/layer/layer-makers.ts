import type { Derivation, DerivationId } from "@imgbuild/graph";
import type { LayerData, LayerEntry } from "@imgbuild/image";
import type { LayerSetOutput } from "../layering/layer-set-output.ts";
import { type PlannedLayer, planLayerSet } from "../layering/plan-layer-set.ts";
import type { LayerContext } from "./layer-context.ts";
import { layerMembers } from "./plan-layer.ts";

/** Tells the members of a layer that the graph makes of sources. */
export type LayerMaker = () => readonly LayerEntry[];

/** Every layer below some derivations whose members can be told without its bytes, by diffID. */
export function layerMakers(roots: Iterable<DerivationId>, context: LayerContext): Map<string, LayerMaker> {
  const makers = new Map<string, LayerMaker>();
  const found = new Set(roots);
  for (const id of found) {
    const derivation = context.graph.derivations.get(id);
    if (derivation === undefined) continue;
    for (const input of derivation.inputs) found.add(input);
    addMakers(derivation, makers, context);
  }
  return makers;
}

function addMakers(derivation: Derivation, makers: Map<string, LayerMaker>, context: LayerContext): void {
  const output =
    derivation.kind === "layer" || derivation.kind === "layerSet" ? context.outputOf(derivation.id) : undefined;
  if (output === undefined) return;
  if (derivation.kind === "layer") {
    makers.set(output.digest, () => layerMembers(derivation, context));
    return;
  }
  let planned: readonly PlannedLayer[] | undefined;
  const { layers, mtime } = output.data as unknown as LayerSetOutput;
  layers.forEach((layer, i) => {
    makers.set(layer.diffId, () => {
      planned ??= planLayerSet(derivation, context, mtime);
      return planned[i]?.entries ?? [];
    });
  });
}

/**
 * Makes sure that every layer of a base is listed (bottom first: the list of one may need those below it), and gives the
 * blobs of the lists. A layer that is made of sources is listed from them; of any other the bytes are read.
 */
export async function listBase(
  layers: readonly LayerData[],
  root: DerivationId,
  context: LayerContext,
): Promise<readonly string[]> {
  let makers: Map<string, LayerMaker> | undefined;
  const blobs: string[] = [];
  for (const layer of layers) {
    const { diffId } = layer;
    if (context.indexes.blob(diffId) === undefined) {
      makers ??= layerMakers([root], context);
      const maker = makers.get(diffId);
      if (maker === undefined) await context.indexes.read(layer);
      else context.indexes.fromEntries(diffId, maker());
    }
    const blob = context.indexes.blob(diffId);
    if (blob !== undefined) blobs.push(blob);
  }
  return blobs;
}
