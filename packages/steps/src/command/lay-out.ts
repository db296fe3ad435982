import { chmodSync, mkdirSync } from "node:fs";
import type { LayerEntry } from "@imgbuild/image";
import { mapName, type SandboxBind } from "@imgbuild/sandbox";
import { baseLayersOf } from "../layer/base-layers-runner.ts";
import type { LayerContext } from "../layer/layer-context.ts";
import { LayerSources } from "../layer/layer-sources.ts";
import type { KeptRun } from "../script/run-scripts.ts";
import { unpackOnce } from "../script/unpack-base.ts";
import type { SourceNode } from "../tree/source-tree.ts";
import { nodeBinds } from "./command-environment.ts";
import { addDirectory, nodesOf, readOnlyEntries } from "./command-files.ts";
import type { Job } from "./command-job.ts";
import { imageDirectories, machineRoot, sourceDirectory } from "./command-root.ts";
import { placeFiles } from "./place-files.ts";
import { type SettledInputs, settledInputs, settledName } from "./settled-inputs.ts";

/** What a command will see. */
export interface LaidOut {
  readonly view: KeptRun["run"];
  /** What the command sees of declared files. */
  readonly nodes: ReadonlyMap<string, SourceNode>;
  /** Whether what it sees needs overlayfs although its root does not. */
  readonly overlays: boolean;
}

/** Puts the files of the command where it will find them. Without `overlays` each is placed by itself. */
export async function layOut(job: Job, { overlays }: { readonly overlays: boolean }): Promise<LaidOut> {
  const { step, context, command, directory } = job;
  const { derivation, signal } = step;
  const layers: LayerContext = { ...context, graph: step.graph, outputOf: (id) => step.output(id) };
  const nodes =
    command.inputs === undefined ? new Map<string, SourceNode>() : nodesOf(command.inputs, layers, derivation);
  const lower = await lowerOf(job, { layers, nodes });
  const workingDirectory = command.workingDirectory.slice(1);
  addDirectory(nodes, workingDirectory, derivation.id);
  if (lower !== undefined && nodes.get("tmp") === undefined) addDirectory(nodes, "tmp", derivation.id);
  const upper = `${directory}/upper`;
  const entries = readOnlyEntries(nodes);
  const apart = [workingDirectory, ...command.outputs.map((output) => `${workingDirectory}/${output}`)];
  const settled = settledInputs(overlays ? nodes : new Map(), apart);
  const below = await settledDirectory(job, entries, settled);
  const placed = below === undefined ? entries : entries.filter(({ header }) => !settled.holds(header.path));
  await placeFiles(placed, { directory: upper, pool: poolOf(job), signal });
  const shared = { cwd: command.workingDirectory, user: "builder" } as const;
  if (lower !== undefined) {
    const all = below === undefined ? lower : [...lower, below];
    const root = { kind: "overlay", lower: all, upper, work: `${directory}/work` } as const;
    return { nodes, overlays: false, view: { ...shared, root, binds: [] } };
  }
  const { root, binds } = machineRoot(nodes, upper);
  const node = nodeBinds(context.scripts.nodePath, `${directory}/helpers`);
  const over =
    below === undefined ? [] : settled.tops.map((top, i) => overlayBind(top, { below, directory, number: i }));
  return { nodes, overlays: over.length > 0, view: { ...shared, root, binds: [...binds, ...over, ...node] } };
}

/** Where what is settled lies unpacked, at the paths that it has for the command; undefined when nothing is. */
async function settledDirectory(
  { step, context }: Job,
  entries: readonly LayerEntry[],
  settled: SettledInputs,
): Promise<string | undefined> {
  if (settled.tops.length === 0) return undefined;
  const { signal } = step;
  const above = new Set([".", ...settled.tops.flatMap((top) => pathsTo(top))]);
  const all = entries.filter(({ header }) => above.has(header.path) || settled.holds(header.path));
  const unpack = async (directory: string) => {
    mkdirSync(directory);
    await placeFiles(all, { directory, pool: undefined, signal });
  };
  const [directory] = await unpackOnce([{ name: settledName(all), title: `${all.length} inputs`, unpack }], {
    ...context,
    signal,
  });
  return directory;
}

function pathsTo(path: string): string[] {
  return path.split("/").map((_, i, parts) => parts.slice(0, i + 1).join("/"));
}

/** Shows what is settled at its place; what the command writes there is its own. */
function overlayBind(
  top: string,
  { below, directory, number }: { readonly below: string; readonly directory: string; readonly number: number },
): SandboxBind {
  const changes = { upper: `${directory}/over/${number}/upper`, work: `${directory}/over/${number}/work` };
  for (const path of [changes.upper, changes.work]) mkdirSync(path, { recursive: true });
  chmodSync(changes.upper, 0o1777);
  return { source: `${below}/${top}`, target: `/${top}`, readOnly: false, changes };
}

/** Where files of the store lie unpacked. A command whose user owns them could change them: then there is no such place. */
function poolOf({ context }: Job): string | undefined {
  const { place, sandbox } = context;
  const { abilities } = sandbox;
  return abilities.mode === "single" ? undefined : `${place.unpacked(mapName(abilities.host, abilities.uidMap))}/files`;
}

/** The directories of the root file system; what of it is below the working directory goes among the inputs. Undefined for none. */
async function lowerOf(
  { step, context, command }: Job,
  { layers, nodes }: { readonly layers: LayerContext; readonly nodes: Map<string, SourceNode> },
): Promise<readonly string[] | undefined> {
  const { rootId } = command;
  const { signal } = step;
  if (rootId === undefined) return undefined;
  if (command.root === "image") {
    const sources = new LayerSources(layers, [rootId]);
    return imageDirectories(sources.add(baseLayersOf(rootId, layers)), { ...context, signal });
  }
  const all = nodesOf(rootId, layers, step.derivation);
  const inside = `${command.workingDirectory.slice(1)}/`;
  for (const [path, node] of all) {
    if (!path.startsWith(inside)) continue;
    all.delete(path);
    if (!nodes.has(path)) nodes.set(path, node);
  }
  const key = [step.output(rootId).digest, inside];
  return [await sourceDirectory(all, key, { ...context, signal })];
}
