import type { Derivation, DerivationId, Output } from "@imgbuild/graph";
import { entryBlocks, type ImageData } from "@imgbuild/image";
import type { ResolveContext } from "../tree/resolve-tree.ts";
import { entriesOf } from "./layer-runner.ts";

/** What finding the sources of layers needs: the graph, and what its steps gave. */
export interface SourceContext extends ResolveContext {
  readonly outputs: ReadonlyMap<DerivationId, Output>;
  readonly kept: (sha256: string) => Uint8Array | undefined;
}

/** Adds to each layer the derivation that makes its blocks again, where the graph has one that gave its diffID. */
export function layersWithSources(image: ImageData, context: SourceContext): ImageData {
  const makers = new Map<string, Derivation>();
  for (const derivation of context.graph.derivations.values()) {
    const output = derivation.kind === "layer" ? context.outputs.get(derivation.id) : undefined;
    if (output !== undefined) makers.set(output.digest, derivation);
  }
  const layers = image.layers.map((layer) => {
    const maker = makers.get(layer.diffId);
    if (layer.kind !== "blocks" || maker === undefined) return layer;
    return { ...layer, source: entryBlocks(() => entriesOf(maker, context), context.kept) };
  });
  return { ...image, layers };
}
