import type { PathArgs, RunCommandArgs, SelectArgs } from "@imgbuild/graph";
import { byCodeUnit } from "@imgbuild/graph";
import type { Caller } from "../call.ts";
import { readSource } from "../files.ts";
import { forArchitecture } from "../for-architecture.ts";
import { describeValue, isPlainObject } from "../plain.ts";
import { joinPath, type Problem, quote } from "../problem.ts";
import { makeValue, recordOf, type Source, type Value } from "../source.ts";
import { uniteSources } from "../unions.ts";

/** Where files of the workspace are in the sandbox. */
export const WORK = "work";

/** The inputs of a command, read. */
export interface CommandInputs {
  /** Undefined for none. */
  readonly source: Source | undefined;
  /** Places that `source` has something at, without leading `/`; "" where they are not known. */
  readonly places: readonly string[];
}

/** How inputs were written: by place, or as a list of what has its own. */
export type InputsForm = "by place" | "list";

/** Tells the form of `inputs`, before they are read. */
export function inputsForm(value: unknown): InputsForm {
  return isPlainObject(value) && recordOf(value) === undefined ? "by place" : "list";
}

/** The working directory that the inputs have of their own: that of the one npmWorkspace among them. */
export function ownWorkingDirectory(value: unknown): string | undefined {
  const list: readonly unknown[] = Array.isArray(value)
    ? value
    : isPlainObject(value) && recordOf(value) === undefined
      ? Object.values(value)
      : [value];
  const found = new Set<string>();
  for (const each of list) {
    if (recordOf(each) === undefined) continue;
    const { workingDirectory } = each as { readonly workingDirectory?: unknown };
    if (typeof workingDirectory === "string") found.add(workingDirectory);
  }
  const [only] = found;
  return found.size === 1 ? only : undefined;
}

/** Reads the attribute `inputs`. `workingDirectory` has no leading `/`. */
export function readInputs(
  caller: Caller,
  value: unknown,
  at: {
    readonly workingDirectory: string;
    /** What the command runs on; null where only its root knows. */
    readonly architecture: string | null;
    readonly problems: Problem[];
  },
): CommandInputs {
  if (value === undefined || value === null) return { source: undefined, places: [] };
  const placed =
    inputsForm(value) === "by place" ? byPlace(caller, value as object, at) : asList(caller, value, at.problems);
  const sources = forArchitecture(
    placed.map(({ source }) => source),
    at.architecture,
  );
  if (sources.length === 0) return { source: undefined, places: [] };
  const [only] = sources;
  const source = sources.length === 1 && only !== undefined ? only : uniteSources(caller, sources, "error");
  return { source, places: placed.map(({ place }) => place) };
}

interface Placed {
  readonly place: string;
  /** A source of the root of the file system. */
  readonly source: Source;
}

function asList(caller: Caller, value: unknown, problems: Problem[]): Placed[] {
  const list: readonly unknown[] = Array.isArray(value) ? Array.from(value as unknown[]) : [value];
  return list.flatMap((member, i) => {
    const path = Array.isArray(value) ? joinPath("inputs", i) : "inputs";
    const source = readSource(caller, member, { path, problems });
    if (source === undefined) return [];
    const place = ownPlace(source);
    if (place === "") return [{ place, source }];
    if (place !== undefined) return [placeAt(caller, place, source)];
    const text = `is ${describeValue(member)}, which has no place of its own`;
    problems.push({
      path,
      text,
      hint: 'Say where it goes: inputs: { "name": source }, or tree({ "/work/name": source }) in the list',
    });
    return [];
  });
}

/** Kinds that are content without a place. */
const PLACELESS: ReadonlySet<string> = new Set(["file", "link", "directory", "fetchUrl", "unpack"]);

/**
 * Where a source stands of its own accord: files of the workspace where they are there, what a command made where it made it, all
 * else where its own paths say (""). Undefined for what has no place.
 */
function ownPlace(source: Value): string | undefined {
  if (source.kind === "path") return inWork((source.args as unknown as PathArgs).path);
  if (source.kind === "runCommand") {
    const { workingDirectory, outputs, shape } = source.args as unknown as RunCommandArgs;
    const directory = workingDirectory.slice(1);
    return shape === "paths" ? directory : `${directory}/${outputs[0]}`;
  }
  if (source.kind === "select") {
    const [from] = source.inputs;
    const above = from === undefined ? undefined : ownPlace(from);
    return above === undefined ? undefined : `${above}/${(source.args as unknown as SelectArgs).path}`;
  }
  return PLACELESS.has(source.kind) ? undefined : "";
}

function byPlace(
  caller: Caller,
  entries: object,
  { workingDirectory, problems }: { readonly workingDirectory: string; readonly problems: Problem[] },
): Placed[] {
  const record = entries as Readonly<Record<string, unknown>>;
  return Object.keys(record)
    .sort(byCodeUnit)
    .flatMap((key) => {
      const path = joinPath("inputs", key);
      const place = placeOf(key, { workingDirectory, path, problems });
      const source = readSource(caller, record[key], { path, problems });
      return place === undefined || source === undefined ? [] : [placeAt(caller, place, source)];
    });
}

function placeAt(caller: Caller, place: string, source: Source): Placed {
  const tree = makeValue<Value<"tree">>({
    kind: "tree",
    args: { destinations: [place], uid: null, gid: null, mode: null },
    inputs: [source],
    position: caller.host.position(),
    summary: recordOf(source)?.summary ?? source.kind,
  });
  return { place, source: tree };
}

/** A path of the sandbox as it is written, absolute or relative to a directory; without leading `/`. */
export function placeOf(
  text: string,
  at: { readonly workingDirectory: string; readonly path: string; readonly problems: Problem[] },
): string | undefined {
  const { workingDirectory, path, problems } = at;
  if (text === "" || /\0|\p{Surrogate}/u.test(text)) {
    problems.push({ path, text: `= ${quote(text)} is no path` });
    return undefined;
  }
  const parts = text.startsWith("/") || workingDirectory === "" ? [] : workingDirectory.split("/");
  for (const part of text.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      const hint = "Write it as an absolute path of the sandbox";
      problems.push({ path, text: `= ${quote(text)} holds "..", wanted a plain path`, hint });
      return undefined;
    }
    parts.push(part);
  }
  return parts.join("/");
}

/** Where a path of the workspace is in the sandbox, without leading `/`. */
export function inWork(path: string): string {
  return path === "" ? WORK : `${WORK}/${path}`;
}
