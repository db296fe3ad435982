import { commandTitle, type JsonValue, type RunCommandArgs } from "@imgbuild/graph";
import { baseLayers } from "../base-layers.ts";
import type { Caller } from "../call.ts";
import { readSource } from "../files.ts";
import { readFlag, readOptions, readStrings } from "../options.ts";
import { copyPlain, describeValue } from "../plain.ts";
import { type Problem, quote, throwProblems } from "../problem.ts";
import { readTimeout } from "../scripts.ts";
import { isImage, makeValue, type Source, type Value } from "../source.ts";
import { readCommand, readEnvironment, readSecrets } from "./command-attributes.ts";
import { inputsForm, inWork, ownWorkingDirectory, placeOf, readInputs, WORK } from "./command-inputs.ts";
import { RUN_COMMAND_ATTRIBUTES, type RunCommandValue } from "./command-options.ts";
import { checkPlaces } from "./command-places.ts";
import { selectFrom } from "./select.ts";

/** {@link DefinitionApi.runCommand}. */
export function makeRunCommand(caller: Caller, options: unknown): RunCommandValue {
  const problems: Problem[] = [];
  const given = readOptions(options, RUN_COMMAND_ATTRIBUTES, problems);
  const command = readCommand(given.command, problems);
  const workingDirectory = readWorkingDirectory(caller, given, problems);
  const root = readRoot(caller, given.root, problems);
  const machine = root === undefined ? machineOf(caller, problems) : null;
  const architecture = architectureOf(machine);
  const inputs = readInputs(caller, given.inputs, { workingDirectory, architecture, problems });
  checkPlaces({ places: [...inputs.places, workingDirectory], hasRoot: root !== undefined, problems });
  const { outputs, shape } = readOutputs(given.outputs, problems);
  const args: RunCommandArgs = {
    command,
    workingDirectory: `/${workingDirectory}`,
    outputs,
    shape,
    hasInputs: inputs.source !== undefined,
    root: root === undefined ? null : isImage(root) ? "image" : "source",
    machine,
    env: readEnvironment(given.env, problems),
    network: readFlag(given.network, { path: "network", fallback: false, problems }),
    secrets: readSecrets(given.secrets, problems),
    timeoutSeconds: readTimeout(given.timeout, problems),
  };
  throwProblems("Cannot run a command", problems);
  if (args.network) {
    caller.host.warn(
      `The command ${quote(commandTitle(command))} uses the network: what it makes is not decided by its key alone`,
    );
  }
  const base = isImage(root) ? baseLayers(caller, root) : root;
  const value: RunCommandValue = makeValue<RunCommandValue>({
    kind: "runCommand",
    args: args as unknown as JsonValue,
    inputs: [...(inputs.source === undefined ? [] : [inputs.source]), ...(base === undefined ? [] : [base])],
    position: caller.host.position(),
    summary: `command ${commandTitle(command)}`,
    shown: { output: (path: string): Source => selectFrom(caller, value, { path, outputs, shape }) },
  });
  return value;
}

function readWorkingDirectory({ dir }: Caller, given: Readonly<Record<string, unknown>>, problems: Problem[]): string {
  const { workingDirectory: text, inputs } = given;
  const path = "workingDirectory";
  if (text === undefined || text === null) {
    const own = ownWorkingDirectory(inputs);
    if (own !== undefined) return own.slice(1);
    return inputsForm(inputs) === "by place" || dir.startsWith("..") ? WORK : inWork(dir);
  }
  if (typeof text !== "string" || !text.startsWith("/")) {
    const hint = 'Write it as "/work", or as "//packages/api" for a directory of the workspace';
    problems.push({ path, text: `is ${describeValue(text)}, wanted an absolute path of the sandbox`, hint });
    return WORK;
  }
  const place = placeOf(text, { workingDirectory: "", path, problems }) ?? WORK;
  if (text.startsWith("//")) return inWork(place);
  if (place === "") problems.push({ path, text: 'is "/", wanted a directory below it', hint: 'Write "/work"' });
  return place;
}

function readRoot(caller: Caller, value: unknown, problems: Problem[]): Source | Value<"image"> | undefined {
  if (value === undefined || value === null) return undefined;
  return isImage(value) ? value : readSource(caller, value, { path: "root", problems });
}

function readOutputs(value: unknown, problems: Problem[]): Pick<RunCommandArgs, "outputs" | "shape"> {
  const shape = Array.isArray(value) ? "paths" : "content";
  const path = "outputs";
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) {
    const hint = 'Name what the command makes, such as outputs: "dist"';
    problems.push({ path, text: "names nothing, wanted what is kept of what the command makes", hint });
    return { outputs: [], shape };
  }
  const before = problems.length;
  const texts = readStrings(value, path, problems);
  if (problems.length > before) return { outputs: [], shape };
  const outputs = texts.flatMap((text) => {
    if (text.startsWith("/")) {
      const hint = "Write it relative to the working directory, and set workingDirectory to a directory above it";
      problems.push({ path, text: `= ${quote(text)} is an absolute path`, hint });
      return [];
    }
    const place = placeOf(text, { workingDirectory: "", path, problems });
    if (place === "") {
      const hint = "Let the command write to a directory of its own, and name that";
      problems.push({ path, text: `= ${quote(text)} is the working directory itself, inputs and all`, hint });
    }
    return place === undefined || place === "" ? [] : [place];
  });
  checkNesting(outputs, problems);
  return { outputs: copyPlain(outputs, path, problems) as unknown as string[], shape };
}

function checkNesting(outputs: readonly string[], problems: Problem[]): void {
  outputs.forEach((output, i) => {
    const other = outputs.find((each, j) => i !== j && (output.startsWith(`${each}/`) || (each === output && j < i)));
    if (other === undefined) return;
    problems.push({
      path: "outputs",
      text: `has ${quote(output)} twice: ${quote(other)} holds it`,
      hint: "Leave one of them out",
    });
  });
}

/** What the programs of this machine are, as far as it is known: part of the key. */
/** What packages are chosen for where a command sees this machine: `node v20.19.0 linux/x64` is `amd64`. */
function architectureOf(machine: string | null): string | null {
  const cpu = /\/(\w+)$/.exec(machine ?? "")?.[1];
  return cpu === undefined ? null : (GO_NAMES.get(cpu) ?? cpu);
}

const GO_NAMES: ReadonlyMap<string, string> = new Map([
  ["x64", "amd64"],
  ["ia32", "386"],
  ["ppc64", "ppc64le"],
]);

function machineOf({ host }: Caller, problems: Problem[]): string {
  const answer = host.ask({ kind: "machine" });
  if ("value" in answer && typeof answer.value === "string") return answer.value;
  problems.push({ path: "", text: "cannot tell what machine this is", hint: "Give the command a root" });
  return "";
}
