import { mapName } from "@imgbuild/sandbox";
import { baseLayersOf } from "../layer/base-layers-runner.ts";
import type { LayerContext } from "../layer/layer-context.ts";
import { LayerSources } from "../layer/layer-sources.ts";
import type { KeptRun } from "../script/run-scripts.ts";
import type { SourceNode } from "../tree/source-tree.ts";
import { nodeBinds } from "./command-environment.ts";
import { addDirectory, nodesOf, readOnlyEntries } from "./command-files.ts";
import type { Job } from "./command-job.ts";
import { imageDirectories, machineRoot, sourceDirectory } from "./command-root.ts";
import { placeFiles } from "./place-files.ts";

/** What a command will see. */
export interface LaidOut {
  readonly view: KeptRun["run"];
  /** What the command sees of declared files. */
  readonly nodes: ReadonlyMap<string, SourceNode>;
}

/** Puts the files of the command where it will find them. */
export async function layOut(job: Job): Promise<LaidOut> {
  const { step, context, command, directory } = job;
  const { derivation, signal } = step;
  const layers: LayerContext = { ...context, graph: step.graph, outputOf: (id) => step.output(id) };
  const nodes =
    command.inputs === undefined ? new Map<string, SourceNode>() : nodesOf(command.inputs, layers, derivation);
  const lower = await lowerOf(job, { layers, nodes });
  addDirectory(nodes, command.workingDirectory.slice(1), derivation.id);
  if (lower !== undefined && nodes.get("tmp") === undefined) addDirectory(nodes, "tmp", derivation.id);
  const upper = `${directory}/upper`;
  const entries = readOnlyEntries(nodes);
  await placeFiles(entries, { directory: upper, pool: poolOf(job), signal });
  const shared = { cwd: command.workingDirectory, user: "builder" } as const;
  if (lower !== undefined)
    return {
      nodes,
      view: { ...shared, root: { kind: "overlay", lower, upper, work: `${directory}/work` }, binds: [] },
    };
  const { root, binds } = machineRoot(nodes, upper);
  const node = nodeBinds(context.scripts.nodePath, `${directory}/helpers`);
  return { nodes, view: { ...shared, root, binds: [...binds, ...node] } };
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
