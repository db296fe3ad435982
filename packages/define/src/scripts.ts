import type { JsonValue, LayerArgs, LayerScript, ScriptLayerArgs } from "@imgbuild/graph";
import { baseLayers } from "./base-layers.ts";
import type { Caller } from "./call.ts";
import { readFlag, readInteger } from "./options.ts";
import { describeValue } from "./plain.ts";
import type { Problem } from "./problem.ts";
import { makeValue, recordOf, type Source, type Value } from "./source.ts";

/** What a definition says of scripts; without scripts there is nothing to run. */
export interface Scripts {
  readonly scripts: readonly LayerScript[];
  readonly timeoutSeconds: number | null;
  readonly diskMiB?: number;
}

const MAX_SECONDS = 7 * 24 * 3600;

/**
 * The scripts of {@link DefinitionApi.buildImage}, in the order in which they run: runAsRoot, then extraCommands, which without
 * the other is run by a user without rights. diskSize bounds what they write; buildVMMemorySize only warns: there is no virtual
 * machine.
 */
export function readImageScripts(
  caller: Caller,
  given: Readonly<Record<string, unknown>>,
  problems: Problem[],
): Scripts {
  const runAsRoot = readScript(given.runAsRoot, "runAsRoot", problems);
  const extraCommands = readScript(given.extraCommands, "extraCommands", problems);
  const diskMiB = readMiB(given, "diskSize", problems);
  if (readMiB(given, "buildVMMemorySize", problems) !== undefined) {
    caller.host.warn(
      "The attribute buildVMMemorySize has no effect: scripts run in a sandbox of this machine, not in a virtual one",
    );
  }
  const user = runAsRoot === undefined ? "builder" : "root";
  return {
    scripts: [
      ...(runAsRoot === undefined ? [] : [{ name: "runAsRoot", text: runAsRoot, view: "root", user: "root" } as const]),
      ...(extraCommands === undefined
        ? []
        : [{ name: "extraCommands", text: extraCommands, view: "tree", user } as const]),
    ],
    timeoutSeconds: readTimeout(given.timeout, problems),
    ...(diskMiB === undefined ? {} : { diskMiB }),
  };
}

function readMiB(given: Readonly<Record<string, unknown>>, path: string, problems: Problem[]): number | undefined {
  if (given[path] === undefined) return undefined;
  const at = { path, max: 2 ** 40, wanted: "a number of MiB", problems };
  return readInteger(given[path], undefined, at);
}

/**
 * The scripts of {@link DefinitionApi.buildLayeredImage}, in the order in which they run: extraCommands, by a user without rights,
 * then fakeRootCommands as user 0; with enableFakechroot `/` is what the image holds so far.
 */
export function readLayeredScripts(given: Readonly<Record<string, unknown>>, problems: Problem[]): Scripts {
  const extraCommands = readScript(given.extraCommands, "extraCommands", problems);
  const fakeRootCommands = readScript(given.fakeRootCommands, "fakeRootCommands", problems);
  const asRoot = readFlag(given.enableFakechroot, { path: "enableFakechroot", fallback: false, problems });
  const view = asRoot ? "root" : "tree";
  const extra = { name: "extraCommands", view: "tree", user: "builder" } as const;
  const fake = { name: "fakeRootCommands", view, user: "root" } as const;
  return {
    scripts: [
      ...(extraCommands === undefined ? [] : [{ ...extra, text: extraCommands }]),
      ...(fakeRootCommands === undefined ? [] : [{ ...fake, text: fakeRootCommands }]),
    ],
    timeoutSeconds: readTimeout(given.timeout, problems),
  };
}

/** Null and text without a command mean no script. */
function readScript(value: unknown, path: string, problems: Problem[]): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") {
    problems.push({ path, text: `is ${describeValue(value)}, wanted the text of a shell script` });
    return undefined;
  }
  if (value.includes("\0")) {
    problems.push({ path, text: "has a NUL character, wanted the text of a shell script" });
    return undefined;
  }
  if (/\p{Surrogate}/u.test(value)) {
    problems.push({ path, text: "has half of a surrogate pair, wanted the text of a shell script" });
    return undefined;
  }
  return value.trim() === "" ? undefined : value;
}

/** Whole seconds, or null for none. */
export function readTimeout(value: unknown, problems: Problem[]): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isInteger(value) && value > 0 && value <= MAX_SECONDS) return value;
  problems.push({ path: "timeout", text: `is ${describeValue(value)}, wanted whole seconds from 1 to ${MAX_SECONDS}` });
  return null;
}

/** The layer that scripts make of new files and a base. `scripts` is not empty. */
export function scriptLayerOf(
  caller: Caller,
  scripts: Scripts,
  on: { readonly source: Source | undefined; readonly base: Value | undefined; readonly args: LayerArgs },
): Value<"scriptLayer"> {
  const { source, base } = on;
  const args: ScriptLayerArgs = {
    ...on.args,
    ...scripts,
    hasSource: source !== undefined,
    hasBase: base !== undefined,
  };
  return makeValue<Value<"scriptLayer">>({
    kind: "scriptLayer",
    args: args as unknown as JsonValue,
    inputs: [...(source === undefined ? [] : [source]), ...(base === undefined ? [] : [baseLayers(caller, base)])],
    position: caller.host.position(),
    summary: scriptSummary(scripts, source),
  });
}

/** A line for the image's history. */
export function scriptSummary({ scripts }: Scripts, source: Source | undefined): string {
  const copied = source === undefined ? [] : [`copyToRoot ${recordOf(source)?.summary ?? source.kind}`];
  return [...copied, ...scripts.map((script) => script.name)].join(", ");
}
