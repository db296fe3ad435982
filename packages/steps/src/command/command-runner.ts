import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { atPosition, fromUnknown, ImgbuildError } from "@imgbuild/errors";
import type { JsonValue, Output, Step, StepRunner } from "@imgbuild/graph";
import { removeTree } from "@imgbuild/sandbox";
import type { SourceNode } from "../tree/source-tree.ts";
import type { StoredTreeOutput } from "../tree/stored-nodes.ts";
import { captureOutputs } from "./capture-outputs.ts";
import { type Command, commandOf } from "./command-args.ts";
import type { CommandRunnerOptions, Job } from "./command-job.ts";
import { type LaidOut, layOut } from "./lay-out.ts";
import { performCommand } from "./perform-command.ts";
import { Secrets } from "./secrets.ts";

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

async function runCommand(step: Step, context: Job["context"]): Promise<Output> {
  const { derivation, signal } = step;
  const { sandbox, place, store, scripts } = context;
  const command = commandOf(derivation);
  const secrets = new Secrets(command, scripts.secret);
  const directory = place.newSandbox();
  const job: Job = { step, context, command, secrets, directory, stays: false };
  try {
    const laid = await layOutAndPerform(job);
    const data = await captureOutputs(command, {
      ...{ abilities: sandbox.abilities, directory: `${directory}/upper`, spool: `${directory}/spool`, store, signal },
      inspect: (path, bytes) => secrets.inspect(path, bytes, command),
      listMade: () => newNames(`${directory}/upper${command.workingDirectory}`, command, laid.nodes),
    });
    return { digest: data.tree, data: data as unknown as JsonValue };
  } catch (error) {
    throw atPosition(fromUnknown(error, `Cannot run the command "${command.title}"`), derivation.position);
  } finally {
    if (!job.stays) await removeTree(sandbox.abilities, directory);
  }
}

async function layOutAndPerform(job: Job): Promise<LaidOut> {
  prepare(job);
  const laid = await layOut(job, { overlays: true });
  try {
    await performCommand(job, laid);
    return laid;
  } catch (error) {
    // Not every file system can be the ground of an overlay.
    if (!laid.overlays || !(error instanceof ImgbuildError) || error.code !== "unsupported") throw error;
  }
  await removeTree(job.context.sandbox.abilities, job.directory);
  mkdirSync(job.directory, { mode: 0o700 });
  prepare(job);
  const plain = await layOut(job, { overlays: false });
  await performCommand(job, plain);
  return plain;
}

function prepare({ directory, command }: Job): void {
  for (const name of ["upper", "work", "spool", "run", "helpers"]) mkdirSync(`${directory}/${name}`);
  chmodSync(`${directory}/upper`, 0o755);
  command.outputs.forEach((_, i) => {
    mkdirSync(`${directory}/spool/${i}`);
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
