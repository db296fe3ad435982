import { createHash } from "node:crypto";
import { hashParts, type JsonValue, type LayerSetArgs, type Output, type Step, type StepRunner } from "@imgbuild/graph";
import { type LayerData, packLayer } from "@imgbuild/image";
import type { Digest } from "@imgbuild/oci";
import { encodeHeader } from "@imgbuild/tar";
import { baseLayersOf } from "../layer/base-layers-runner.ts";
import { listBase } from "../layer/layer-makers.ts";
import { contextOf, type LayerRunnerOptions, packOptions } from "../layer/layer-runner.ts";
import type { LayerSetOutput } from "./layer-set-output.ts";
import { type PlannedLayer, planLayerSet } from "./plan-layer-set.ts";

/** Splits sources over layers and packs those that are new: a layer whose members did not change is found by their hash. */
export function layerSetRunner(options: LayerRunnerOptions): StepRunner {
  return {
    kind: "layerSet",
    mode: "cached",
    version: 1,
    title: ({ args }) => `layers of ${(args as unknown as LayerSetArgs).units.length} units`,
    run: (step) => runLayerSet(step, options),
    blobs: (output) => (output.data as unknown as LayerSetOutput).blobs,
  };
}

async function runLayerSet(step: Step, options: LayerRunnerOptions): Promise<Output> {
  const { derivation } = step;
  const args = derivation.args as unknown as LayerSetArgs;
  const context = contextOf(step, options);
  const baseId = args.hasBase ? derivation.inputs[args.units.length] : undefined;
  const lists = baseId === undefined ? [] : await listBase(baseLayersOf(baseId, context), baseId, context);
  const mtime = Math.floor((args.mtime === "now" ? options.now() : Date.parse(args.mtime)) / 1000);
  const planned = planLayerSet(derivation, context, mtime);
  const layers: BlocksLayer[] = [];
  for (const layer of planned) layers.push(await packOnce(layer, step, options));
  const history = planned.map((layer) => layer.line);
  const blobs = [...layers.map((layer) => layer.blocks), ...lists];
  const data: LayerSetOutput = { layers, history, mtime, blobs };
  const digest = hashParts("imgbuild.layerSet", [...layers.map((layer) => layer.diffId), ...history]);
  return { digest, data: data as unknown as JsonValue };
}

type BlocksLayer = LayerData & { readonly kind: "blocks" };

const SPACE = "packed-layer 1";

/** A layer with these members, packed unless it was before. */
async function packOnce({ entries }: PlannedLayer, step: Step, options: LayerRunnerOptions): Promise<BlocksLayer> {
  const { facts, blobs } = options.store;
  const key = keyOf(entries);
  const known = parse(facts.get(SPACE, key));
  if (known !== undefined && blobs.size(known.blocks) !== undefined) return known;
  const { layer } = await packLayer(entries, packOptions(step, options));
  const { kind, diffId, size, blocks } = layer;
  facts.set(SPACE, key, JSON.stringify({ kind, diffId, size, blocks }));
  return layer;
}

function keyOf(entries: PlannedLayer["entries"]): string {
  const hash = createHash("sha256");
  for (const { header, content } of entries) hash.update(encodeHeader(header)).update(content?.sha256 ?? "-");
  return hash.digest("hex");
}

function parse(text: string | undefined): BlocksLayer | undefined {
  if (text === undefined) return undefined;
  try {
    const { diffId, size, blocks } = JSON.parse(text) as BlocksLayer & { readonly blocks: Digest };
    return { kind: "blocks", diffId, size, blocks };
  } catch {
    return undefined;
  }
}
