import { byCodeUnit } from "@imgbuild/graph";
import type { Caller } from "./call.ts";
import { readSource } from "./files.ts";
import { readChoice, readId, readMode, readOptions } from "./options.ts";
import { imagePath } from "./place.ts";
import { describeValue, isPlainObject } from "./plain.ts";
import { joinPath, type Problem, throwProblems } from "./problem.ts";
import { makeValue, recordOf, type Source, type Value } from "./source.ts";

/** Options of {@link DefinitionApi.tree}: owner and mode of everything placed; `mode` applies to files only. */
export interface TreeOptions {
  readonly uid?: number | null;
  readonly gid?: number | null;
  readonly mode?: number | null;
}

/** Options of {@link DefinitionApi.merge}. */
export interface MergeOptions {
  /** When two sources have one path that differs: fail (default), or take the first or last. Directories unite. */
  readonly conflict?: "error" | "first" | "last";
}

/** {@link DefinitionApi.tree}. */
export function makeTree(caller: Caller, entries: unknown, options: unknown = {}): Value<"tree"> {
  const problems: Problem[] = [];
  const given = readOptions(options, ["uid", "gid", "mode"], problems);
  const placed: { readonly destination: string; readonly source: Source }[] = [];
  if (!isPlainObject(entries) || recordOf(entries) !== undefined) {
    const text = `is ${describeValue(entries)}, wanted an object such as { "/app": "./dist" }`;
    problems.push({ path: "", text, missing: entries === undefined });
  } else {
    for (const key of Object.keys(entries).sort(byCodeUnit)) {
      const destination = imagePath(key, { path: "", problems });
      const source = readSource(caller, entries[key], { path: joinPath("", key), problems });
      if (destination !== undefined && source !== undefined) placed.push({ destination, source });
    }
  }
  const args = {
    destinations: placed.map((entry) => entry.destination),
    uid: readId(given.uid, null, { path: "uid", problems }),
    gid: readId(given.gid, null, { path: "gid", problems }),
    mode: readMode(given.mode, problems),
  };
  throwProblems("Cannot make a tree", problems);
  return makeValue<Value<"tree">>({
    kind: "tree",
    args,
    inputs: placed.map((entry) => entry.source),
    position: caller.host.position(),
    summary: `tree ${shortList(args.destinations.map((destination) => `/${destination}`))}`,
  });
}

/** {@link DefinitionApi.merge}. */
export function makeMerge(caller: Caller, sources: unknown, options: unknown = {}): Value<"merge"> {
  const problems: Problem[] = [];
  const given = readOptions(options, ["conflict"], problems);
  const conflict = readChoice(given.conflict, ["error", "first", "last"], {
    path: "conflict",
    fallback: "error",
    problems,
  });
  const inputs = readSources(caller, sources, { path: "", problems });
  throwProblems("Cannot merge", problems);
  return uniteSources(caller, inputs, conflict);
}

/** An array of sources; anything else is a problem. */
export function readSources(caller: Caller, value: unknown, at: { path: string; problems: Problem[] }): Source[] {
  if (!Array.isArray(value)) {
    const text = `is ${describeValue(value)}, wanted an array of sources`;
    at.problems.push({ path: at.path, text, missing: value === undefined });
    return [];
  }
  return Array.from(value as unknown[]).flatMap((member, i) => {
    const source = readSource(caller, member, { path: joinPath(at.path, i), problems: at.problems });
    return source === undefined ? [] : [source];
  });
}

/** The union of sources that are known to be good. */
export function uniteSources(
  caller: Caller,
  inputs: readonly Source[],
  conflict: "error" | "first" | "last",
): Value<"merge"> {
  return makeValue<Value<"merge">>({
    kind: "merge",
    args: { conflict },
    inputs,
    position: caller.host.position(),
    summary: shortList(inputs.map((input) => recordOf(input)?.summary ?? input.kind)),
  });
}

function shortList(items: readonly string[]): string {
  const shown = items.slice(0, 3).join(", ");
  return items.length > 3 ? `${shown}, and ${items.length - 3} more` : shown;
}
