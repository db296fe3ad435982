import { atPosition, fromUnknown } from "@imgbuild/errors";
import type { DerivationId, JsonValue, Output, ScriptLayerArgs, Step, StepRunner } from "@imgbuild/graph";
import { type LayerData, type LayerEntry, layerBlobs, packLayer } from "@imgbuild/image";
import { removeTree } from "@imgbuild/sandbox";
import { baseLayersOf } from "../layer/base-layers-runner.ts";
import type { LayerContext } from "../layer/layer-context.ts";
import { listBase } from "../layer/layer-makers.ts";
import type { LayerOutput } from "../layer/layer-output.ts";
import { contextOf, type LayerRunnerOptions, packOptions } from "../layer/layer-runner.ts";
import { LayerSources } from "../layer/layer-sources.ts";
import { baseOf, nodesOver } from "../layer/plan-layer.ts";
import { sourceEntries } from "../tree/layer-entries.ts";
import { keepRun } from "./kept-runs.ts";
import type { OpenedSandbox } from "./open-sandbox.ts";
import { runScripts } from "./run-scripts.ts";
import { scriptEntries } from "./script-entries.ts";
import { unpackBase } from "./unpack-base.ts";

/** What the runner of scripts needs. */
export interface ScriptRunnerOptions extends LayerRunnerOptions {
  readonly openSandbox: () => Promise<OpenedSandbox>;
}

/** Runs scripts over a source and a base, and packs what they changed. The output is that of a `layer`. */
export function scriptRunner(options: ScriptRunnerOptions): StepRunner {
  return {
    kind: "scriptLayer",
    mode: "cached",
    version: 2,
    title: ({ args }) => (args as unknown as ScriptLayerArgs).scripts.map(({ name }) => name).join(", "),
    run: async (step) => runScriptLayer(step, { ...options, ...(await options.openSandbox()) }),
    blobs: (output) => (output.data as unknown as LayerOutput).blobs,
  };
}

async function runScriptLayer(step: Step, options: ScriptRunnerOptions & OpenedSandbox): Promise<Output> {
  const { position } = step.derivation;
  const { sandbox, place, store, scripts } = options;
  const directory = place.newSandbox();
  let stays = false;
  try {
    const on = await groundOf(step, options);
    const { changed, gone } = await runScripts(on.args.scripts, on.files, {
      ...{ sandbox, directory, position, label: step.label, lower: on.lower, base: on.base, signal: step.signal },
      ...{ timeoutSeconds: on.args.timeoutSeconds, diskMiB: on.args.diskMiB },
      ...{ uid: on.args.uid, gid: on.args.gid, baseLinks: on.args.baseLinks },
      print: (name, lines) => step.print(name, lines),
      onFailed: (run) => {
        if (scripts.keepFailed !== true) return undefined;
        stays = true;
        place.keep(directory);
        keepRun(store, step.derivation.id, run);
        return run.directory;
      },
    });
    const entries = scriptEntries({ changed, before: on.files, base: on.base, gone });
    return await pack(step, entries, { options, lists: on.lists });
  } catch (error) {
    throw atPosition(fromUnknown(error, "Cannot run a script"), position);
  } finally {
    if (!stays) await removeTree(sandbox.abilities, directory);
  }
}

interface Ground {
  readonly args: ScriptLayerArgs;
  readonly files: readonly LayerEntry[];
  readonly base: ReturnType<typeof baseOf>;
  readonly lower: readonly string[];
  readonly lists: readonly string[];
}

async function groundOf(step: Step, options: ScriptRunnerOptions & OpenedSandbox): Promise<Ground> {
  const { derivation, signal } = step;
  const args = derivation.args as unknown as ScriptLayerArgs;
  const context = contextOf(step, options);
  const source = args.hasSource ? derivation.inputs[0] : undefined;
  const baseId = args.hasBase ? derivation.inputs[args.hasSource ? 1 : 0] : undefined;
  const lists = baseId === undefined ? [] : await listed(baseId, context);
  const base = baseOf(baseId, context);
  const wantsRoot = args.scripts.some((script) => script.view === "root");
  const layers = baseId === undefined || !wantsRoot ? [] : sourced(baseId, context);
  const say = (line: string) => step.print("base", [line]);
  const lower = await unpackBase(layers, { ...options, signal, say });
  return { args, files: source === undefined ? [] : filesOf(source, { step, context, base }), base, lower, lists };
}

/** The new files where the sources put them, each directory of the base as it is there where the source does not say more. */
function filesOf(
  source: DerivationId,
  on: { readonly step: Step; readonly context: LayerContext; readonly base: Ground["base"] },
): LayerEntry[] {
  const { step, context, base } = on;
  const { derivation } = step;
  const args = derivation.args as unknown as ScriptLayerArgs;
  const nodes = nodesOver(source, { ...context, base, args: { ...args, baseLinks: "replace" }, derivation });
  return sourceEntries(nodes, args).map((entry) => {
    const { path, type } = entry.header;
    const there = type === "directory" ? base?.get(path === "." ? "" : path) : undefined;
    if (there?.type !== "directory") return entry;
    const said = nodes.get(path === "." ? "" : path);
    const xattrs = new Map(
      Object.entries(there.xattrs ?? {}).map(([name, value]) => [name, Buffer.from(value, "base64")]),
    );
    const owner = { mode: said?.mode ?? there.mode, uid: said?.uid ?? there.uid, gid: said?.gid ?? there.gid };
    return { ...entry, header: { ...entry.header, ...owner, ...(xattrs.size === 0 ? {} : { xattrs }) } };
  });
}

function sourced(baseId: DerivationId, context: LayerContext): LayerData[] {
  return new LayerSources(context, [baseId]).add(baseLayersOf(baseId, context));
}

function listed(baseId: DerivationId, context: LayerContext): Promise<readonly string[]> {
  return listBase(sourced(baseId, context), baseId, context);
}

async function pack(
  step: Step,
  entries: readonly LayerEntry[],
  { options, lists }: { readonly options: ScriptRunnerOptions; readonly lists: readonly string[] },
): Promise<Output> {
  const { layer } = await packLayer(entries, { ...packOptions(step, options), keepBlocks: true });
  options.indexes.fromEntries(layer.diffId, entries);
  const list = options.indexes.blob(layer.diffId);
  const blobs = [...layerBlobs(options.store, layer), ...lists, ...(list === undefined ? [] : [list])];
  const data: LayerOutput = { layer, blobs: [...new Set(blobs)] };
  return { digest: layer.diffId, data: data as unknown as JsonValue };
}
