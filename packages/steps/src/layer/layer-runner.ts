import type { Derivation, JsonValue, LayerArgs, Output, Step, StepRunner } from "@imgbuild/graph";
import { ImgbuildError } from "@imgbuild/errors";
import { type LayerData, type LayerEntry, packLayer } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { Codec } from "@imgbuild/tar";
import type { SweptTree } from "../path/swept-tree.ts";
import { layerEntries } from "../tree/layer-entries.ts";
import { type ResolveContext, resolveTree, rootNodes } from "../tree/resolve-tree.ts";

/** What the output of a `layer` step holds as its data. */
export interface LayerOutput {
  readonly layer: LayerData;
  /** Blobs without which the layer is gone. */
  readonly blobs: readonly string[];
}

/** What the layer runner needs. */
export interface LayerRunnerOptions {
  readonly store: Store;
  /** The form that will be delivered, if one will be. */
  readonly codec: () => Codec | undefined;
  readonly swept: (id: Step["derivation"]["id"]) => SweptTree;
  readonly kept: (sha256: string) => Uint8Array | undefined;
}

/** Packs a source to a layer. Its output's digest is the diffID: a changed source with the same tar stops the wave. */
export function layerRunner(options: LayerRunnerOptions): StepRunner {
  return {
    kind: "layer",
    mode: "cached",
    version: 1,
    run: (step) => runLayer(step, options),
    blobs: (output) => (output.data as unknown as LayerOutput).blobs,
  };
}

async function runLayer(step: Step, options: LayerRunnerOptions): Promise<Output> {
  const packed = await packLayer(entriesOf(step.derivation, { graph: step.graph, swept: options.swept }), {
    store: options.store,
    codec: options.codec(),
    signal: step.signal,
    progress: step.progress,
    kept: options.kept,
  });
  const data: LayerOutput = { layer: packed.layer, blobs: [packed.layer.blocks] };
  return { digest: packed.layer.diffId, data: data as unknown as JsonValue };
}

/** The members of the layer that a `layer` derivation stands for. */
export function entriesOf(derivation: Derivation, context: ResolveContext): LayerEntry[] {
  const [source] = derivation.inputs;
  if (source === undefined) throw new ImgbuildError("internal", "Internal error: a layer without a source");
  const nodes = rootNodes(resolveTree(source, context), context);
  return layerEntries(nodes, derivation.args as unknown as LayerArgs);
}
