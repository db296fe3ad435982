import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { atPosition, fromUnknown } from "@imgbuild/errors";
import type { DerivationId, JsonValue, Output, Step, StepRunner } from "@imgbuild/graph";
import { entryTar, type LayerIndexes } from "@imgbuild/image";
import { extract, OutputLines, removeTree, writeAll } from "@imgbuild/sandbox";
import type { Store } from "@imgbuild/store";
import { baseLayersOf } from "../layer/base-layers-runner.ts";
import type { LayerContext } from "../layer/layer-context.ts";
import { LayerSources } from "../layer/layer-sources.ts";
import type { SweptTree } from "../path/swept-tree.ts";
import { keepRun } from "../script/kept-runs.ts";
import type { OpenedSandbox } from "../script/open-sandbox.ts";
import type { KeptRun } from "../script/run-scripts.ts";
import { scriptFailure } from "../script/script-failure.ts";
import type { SourceNode } from "../tree/source-tree.ts";
import type { StoredTreeOutput } from "../tree/stored-nodes.ts";
import { captureOutputs } from "./capture-outputs.ts";
import { type Command, commandOf } from "./command-args.ts";
import { environmentOf, networkBinds, nodeBinds } from "./command-environment.ts";
import { addDirectory, nodesOf, readOnlyEntries } from "./command-files.ts";
import { imageDirectories, machineRoot, sourceDirectory } from "./command-root.ts";

/** What the runner of commands needs. */
export interface CommandRunnerOptions {
  readonly store: Store;
  readonly workspaceRoot: string;
  readonly swept: (id: DerivationId) => SweptTree;
  readonly indexes: LayerIndexes;
  readonly kept: (sha256: string) => Uint8Array | undefined;
  readonly openSandbox: () => Promise<OpenedSandbox>;
}

/** Runs a command on declared inputs, and keeps its outputs as a tree in the store. */
export function commandRunner(options: CommandRunnerOptions): StepRunner {
  return {
    kind: "runCommand",
    mode: "cached",
    version: 1,
    title: (derivation) => `command ${commandOf(derivation).title}`,
    run: async (step) => runCommand(step, { ...options, ...(await options.openSandbox()) }),
    blobs: (output) => (output.data as unknown as StoredTreeOutput).blobs,
  };
}

type Context = CommandRunnerOptions & OpenedSandbox;

async function runCommand(step: Step, context: Context): Promise<Output> {
  const { derivation, signal } = step;
  const { sandbox, place, store } = context;
  const command = commandOf(derivation);
  const directory = place.newSandbox();
  const job: Job = { step, context, command, directory, stays: false };
  try {
    for (const name of ["upper", "work", "spool", "run", "tmp", "helpers"]) mkdirSync(`${directory}/${name}`);
    chmodSync(`${directory}/upper`, 0o755);
    chmodSync(`${directory}/tmp`, 0o1777);
    command.outputs.forEach((_, i) => {
      mkdirSync(`${directory}/spool/${i}`);
    });
    const laid = await layOut(job);
    await perform(job, laid);
    const data = await captureOutputs(command, {
      ...{ abilities: sandbox.abilities, directory: `${directory}/upper`, spool: `${directory}/spool`, store, signal },
      inspect: () => undefined,
      listMade: () => newNames(`${directory}/upper${command.workingDirectory}`, command, laid.nodes),
    });
    return { digest: data.tree, data: data as unknown as JsonValue };
  } catch (error) {
    throw atPosition(fromUnknown(error, `Cannot run the command "${command.title}"`), derivation.position);
  } finally {
    if (!job.stays) await removeTree(sandbox.abilities, directory);
  }
}

interface Job {
  readonly step: Step;
  readonly context: Context;
  readonly command: Command;
  readonly directory: string;
  stays: boolean;
}

interface LaidOut {
  readonly view: KeptRun["run"];
  /** What the command sees of declared files. */
  readonly nodes: ReadonlyMap<string, SourceNode>;
}

/** Puts the files of the command where it will find them. */
async function layOut(job: Job): Promise<LaidOut> {
  const { step, context, command, directory } = job;
  const { derivation, signal } = step;
  const { sandbox, kept } = context;
  const layers: LayerContext = { ...context, graph: step.graph, outputOf: (id) => step.output(id) };
  const nodes =
    command.inputs === undefined ? new Map<string, SourceNode>() : nodesOf(command.inputs, layers, derivation);
  const lower = await lowerOf(job, { layers, nodes });
  addDirectory(nodes, command.workingDirectory.slice(1), derivation.id);
  const upper = `${directory}/upper`;
  const entries = readOnlyEntries(nodes);
  await extract(sandbox.abilities, {
    directory: upper,
    signal,
    feed: (stdin) => writeAll(stdin, entryTar(entries, kept)),
  });
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

/** The directories of the root file system; what of it is below the working directory goes among the inputs. Undefined for none. */
async function lowerOf(
  { step, context, command }: Job,
  { layers, nodes }: { readonly layers: LayerContext; readonly nodes: Map<string, SourceNode> },
): Promise<readonly string[] | undefined> {
  const { rootId } = command;
  const { signal } = step;
  if (rootId === undefined) return undefined;
  if (command.root === "image") {
    const sources = new LayerSources(layers, { roots: [rootId], kept: context.kept });
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

async function perform(job: Job, { view }: LaidOut): Promise<void> {
  const { step, context, command, directory } = job;
  const { sandbox, scripts } = context;
  const { derivation, signal } = step;
  const { timeoutSeconds, network } = command;
  const lines = new OutputLines((said) => step.print("command", said));
  const tmp = { source: `${directory}/tmp`, target: "/tmp", readOnly: false };
  const end = await sandbox.run({
    ...view,
    binds: [...view.binds, ...(command.machine === null ? [] : [tmp, ...(network ? networkBinds() : [])])],
    command: typeof command.command === "string" ? { script: command.command } : { argv: command.command },
    env: environmentOf(command),
    network,
    timeoutMs: timeoutSeconds === null ? undefined : timeoutSeconds * 1000,
    limits: {},
    signal,
    scratch: `${directory}/run`,
    onOutput: (bytes) => lines.add(bytes),
  });
  lines.end();
  if (end.code === 0 && !end.timedOut) return;
  job.stays = scripts.keepFailed;
  if (job.stays) {
    context.place.keep(directory);
    keepRun(context.store, derivation.id, { sandbox: directory, directory, run: view });
  }
  throw scriptFailure(end, {
    what: `command "${command.title}"`,
    timeoutSeconds,
    position: derivation.position,
    kept: job.stays ? directory : undefined,
    note: "",
  });
}

/** Names in a directory that no input put there. */
function newNames(directory: string, command: Command, nodes: ReadonlyMap<string, SourceNode>): string[] {
  const prefix = command.workingDirectory.slice(1);
  try {
    return readdirSync(directory)
      .filter((name) => !nodes.has(`${prefix}/${name}`))
      .sort()
      .slice(0, 20);
  } catch {
    return [];
  }
}
