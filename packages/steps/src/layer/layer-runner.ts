import type { DerivationId, JsonValue, LayerArgs, Output, Step, StepRunner } from "@imgbuild/graph";
import { type LayerIndexes, packLayer, type WorkThreads } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { Codec } from "@imgbuild/tar";
import type { SweptTree } from "../path/swept-tree.ts";
import { baseLayersOf } from "./base-layers-runner.ts";
import type { LayerContext } from "./layer-context.ts";
import { listBase } from "./layer-makers.ts";
import type { LayerOutput } from "./layer-output.ts";
import { layerMembers } from "./plan-layer.ts";

/** What the layer runner needs. */
export interface LayerRunnerOptions {
  readonly store: Store;
  /** The form that will be delivered, if one will be. */
  readonly codec: () => Codec | undefined;
  readonly swept: (id: DerivationId) => SweptTree;
  readonly indexes: LayerIndexes;
  readonly threads: WorkThreads;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Packs a source to a layer. Its output's digest is the diffID: a changed source with the same tar stops the wave. */
export function layerRunner(options: LayerRunnerOptions): StepRunner {
  return {
    kind: "layer",
    mode: "cached",
    version: 2,
    run: (step) => runLayer(step, options),
    blobs: (output) => (output.data as unknown as LayerOutput).blobs,
  };
}

async function runLayer(step: Step, options: LayerRunnerOptions): Promise<Output> {
  const { derivation } = step;
  const context = contextOf(step, options);
  const baseId = (derivation.args as unknown as LayerArgs).hasBase ? derivation.inputs[1] : undefined;
  const lists = baseId === undefined ? [] : await listBase(baseLayersOf(baseId, context), baseId, context);
  const packed = await packLayer(layerMembers(derivation, context), packOptions(step, options));
  const data: LayerOutput = { layer: packed.layer, blobs: [packed.layer.blocks, ...lists] };
  return { digest: packed.layer.diffId, data: data as unknown as JsonValue };
}

/** What the steps below a step know of layers. */
export function contextOf(step: Step, { swept, indexes, store }: LayerRunnerOptions): LayerContext {
  return { graph: step.graph, swept, indexes, store, outputOf: (id) => step.output(id) };
}

/** How the step packs. */
export function packOptions(
  step: Step,
  { store, codec, threads }: LayerRunnerOptions,
): Parameters<typeof packLayer>[1] {
  return { store, codec: codec(), signal: step.signal, progress: step.progress, threads };
}
