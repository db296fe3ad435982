import type { DerivationId, Graph, Output } from "@imgbuild/graph";
import { entryBlocks, type LayerData } from "@imgbuild/image";
import type { LayerContext } from "./layer-context.ts";
import { type LayerMaker, layerMakers } from "./layer-makers.ts";

/** Finds the sources of layers that a run made, so that their bytes can be made again. */
export class LayerSources {
  readonly #makers: Map<string, LayerMaker>;

  constructor(context: LayerContext, roots: Iterable<DerivationId>) {
    this.#makers = layerMakers(roots, context);
  }

  /** The same layers; those that the graph makes know their source. */
  add(layers: readonly LayerData[]): LayerData[] {
    return layers.map((layer) => {
      const maker = this.#makers.get(layer.diffId);
      if (layer.kind !== "blocks" || maker === undefined) return layer;
      return { ...layer, source: entryBlocks(maker) };
    });
  }
}

/** The sources of one run: found once, however many images are delivered. */
export class RunSources {
  readonly #context: Omit<LayerContext, "graph" | "outputOf">;
  #last: { readonly outputs: ReadonlyMap<DerivationId, Output>; readonly sources: LayerSources } | undefined;

  constructor(context: Omit<LayerContext, "graph" | "outputOf">) {
    this.#context = context;
  }

  /** Sources for whatever `outputs`, which are those of a run over `graph`, hold. */
  of(graph: Graph, outputs: ReadonlyMap<DerivationId, Output>): LayerSources {
    if (this.#last?.outputs !== outputs) {
      const context: LayerContext = { ...this.#context, graph, outputOf: (id) => outputs.get(id) };
      this.#last = { outputs, sources: new LayerSources(context, outputs.keys()) };
    }
    return this.#last.sources;
  }
}
