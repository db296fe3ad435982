import { ImgbuildError } from "@imgbuild/errors";
import type { JsonValue } from "@imgbuild/graph";
import type { Caller, Fact } from "./call.ts";
import { readOptions, readStrings } from "./options.ts";
import { workspacePath } from "./place.ts";
import { describeValue } from "./plain.ts";
import { type Problem, quote, throwProblems } from "./problem.ts";
import { deepFreeze } from "./source.ts";

/** Options of {@link DefinitionApi.env}. */
export interface EnvOptions {
  /** What to give when the variable is not set. */
  readonly default?: string;
}

/** Options of {@link DefinitionApi.glob}. */
export interface GlobOptions {
  /** Directory the patterns are relative to; default that of the definition. */
  readonly cwd?: string;
}

/** {@link DefinitionApi.env}. */
export function readEnv(caller: Caller, name: unknown, options: unknown = {}): string {
  const problems: Problem[] = [];
  const given = readOptions(options, ["default"], problems);
  const fallback = given.default;
  if (typeof name !== "string" || !/^[^=\0]+$/.test(name)) {
    problems.push({ path: "", text: `is ${describeValue(name)}, wanted the name of an environment variable` });
  }
  if (fallback !== undefined && typeof fallback !== "string") {
    problems.push({ path: "default", text: `is ${describeValue(fallback)}, wanted a string` });
  }
  throwProblems(`Cannot read the environment variable ${quote(String(name))}`, problems);
  const action = `Cannot read the environment variable ${quote(String(name))}`;
  const value = ask(caller, { kind: "env", name: String(name) }, action);
  if (typeof value === "string") return value;
  if (typeof fallback === "string") return fallback;
  const hint = `Set ${name}, or give a default: env(${quote(String(name))}, { default: "…" })`;
  throw new ImgbuildError("definition", `${action}: it is not set`, { hint });
}

/** {@link DefinitionApi.readText}. */
export function readTextFile(caller: Caller, text: unknown): string {
  const problems: Problem[] = [];
  const path = workspacePath(text, { dir: caller.dir, path: "", problems });
  const action = `Cannot read ${typeof text === "string" ? quote(text) : describeValue(text)}`;
  throwProblems(action, problems);
  return String(ask(caller, { kind: "file", path: path ?? "" }, `Cannot read "//${path}"`));
}

/** The text of a file, by its path relative to the workspace; undefined when there is none. */
export function readTextIfPresent(caller: Caller, path: string): string | undefined {
  const answer = caller.host.ask({ kind: "file", path });
  if ("value" in answer) return String(answer.value);
  if (answer.code === "input-missing") return undefined;
  throw new ImgbuildError(answer.code, `Cannot read "//${path}": ${answer.error}`);
}

/** {@link DefinitionApi.readJson}. */
export function readJsonFile(caller: Caller, text: unknown): JsonValue {
  const content = readTextFile(caller, text).replace(/^\uFEFF/, "");
  try {
    return deepFreeze(JSON.parse(content) as JsonValue);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ImgbuildError("definition", `Cannot read ${quote(String(text))} as JSON: ${detail}`, {
      hint: "Correct the file; comments and trailing commas are not JSON",
    });
  }
}

/** {@link DefinitionApi.glob}. */
export function globFiles(caller: Caller, patterns: unknown, options: unknown = {}): readonly string[] {
  const problems: Problem[] = [];
  const given = readOptions(options, ["cwd"], problems);
  const all = readStrings(patterns, "", problems);
  if (patterns === undefined) problems.push({ path: "", text: "is undefined, wanted a pattern", missing: true });
  const cwd = workspacePath(given.cwd ?? ".", { dir: caller.dir, path: "cwd", problems });
  for (const pattern of all) {
    if (!/^!?\/|(^!?|\/)\.\.(\/|$)/.test(pattern)) continue;
    const text = `= ${quote(pattern)} leaves its directory`;
    problems.push({ path: "", text, code: "path-escape", hint: "Choose the directory with { cwd } instead" });
  }
  throwProblems("Cannot list files", problems);
  const include = all.filter((pattern) => !pattern.startsWith("!"));
  const exclude = all.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  const found = ask(caller, { kind: "glob", cwd: cwd ?? "", include, exclude }, "Cannot list files");
  const files = Array.isArray(found) ? found.map((path) => relativeTo(caller.dir, String(path))) : [];
  return Object.freeze(files.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** {@link DefinitionApi.git}. */
export function gitHead(caller: Caller): string {
  return String(ask(caller, { kind: "git.head" }, "Cannot read the git commit"));
}

function ask(caller: Caller, fact: Fact, action: string): JsonValue {
  const answer = caller.host.ask(fact);
  if ("value" in answer) return answer.value;
  throw new ImgbuildError(answer.code, `${action}: ${answer.error}`, {
    hint: answer.code === "input-missing" ? "Correct the path; it is relative to the definition" : undefined,
  });
}

function relativeTo(dir: string, path: string): string {
  const from = dir === "" ? [] : dir.split("/");
  const to = path.split("/");
  let common = 0;
  while (common < from.length && common < to.length - 1 && from[common] === to[common]) common++;
  return [...from.slice(common).map(() => ".."), ...to.slice(common)].join("/");
}
