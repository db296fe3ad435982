import { byCodeUnit } from "@imgbuild/graph";
import type { Caller } from "./call.ts";
import { readMode, readOptions, readStrings } from "./options.ts";
import { workspacePath } from "./place.ts";
import { copyPlain, describeValue } from "./plain.ts";
import { joinPath, type Problem, quote, throwProblems } from "./problem.ts";
import { readSourceValue } from "./read-source.ts";
import { makeValue, type PathValue, type Source, type Value } from "./source.ts";

/** Options of {@link DefinitionApi.path}. */
export interface PathOptions {
  /** picomatch patterns, relative to the path, of what to take; default everything. */
  readonly include?: string | readonly string[];
  /** Patterns of what to leave out; one that matches a directory leaves out all below it. */
  readonly exclude?: string | readonly string[];
  /** Follow symbolic links instead of storing them; default false. */
  readonly follow?: boolean;
}

/** Options of a single file or directory. */
export interface ModeOptions {
  /** Permission bits such as `0o755`; default 0644 for files, 0755 for directories. */
  readonly mode?: number | null;
}

/** {@link DefinitionApi.path}. */
export function makePath(caller: Caller, text: unknown, options: unknown = {}): PathValue {
  const problems: Problem[] = [];
  const given = readOptions(options, ["include", "exclude", "follow"], problems);
  const path = workspacePath(text, { dir: caller.dir, path: "", problems });
  const { follow = false } = given;
  if (typeof follow !== "boolean") {
    problems.push({ path: "follow", text: `is ${describeValue(follow)}, wanted true or false` });
  }
  const include = readPatterns(given.include, "include", problems).sort(byCodeUnit);
  const exclude = readPatterns(given.exclude, "exclude", problems).sort(byCodeUnit);
  throwProblems(`Cannot use the path ${typeof text === "string" ? quote(text) : describeValue(text)}`, problems);
  return makeValue<PathValue>({
    kind: "path",
    args: { path: path ?? "", include, exclude, follow: follow === true },
    position: caller.host.position(),
    summary: `path //${path}`,
  });
}

/** Patterns of paths below a directory. What could never match is told, for a file that is left out is missed late. */
function readPatterns(value: unknown, path: "include" | "exclude", problems: Problem[]): string[] {
  const patterns = readStrings(value, path, problems);
  patterns.forEach((pattern, i) => {
    const where = Array.isArray(value) ? joinPath(path, i) : path;
    if (/^!(?!\()/.test(pattern)) {
      const text = `= ${quote(pattern)} says what is not meant`;
      problems.push({ path: where, text, hint: `Name it in ${path === "include" ? "exclude" : "include"}` });
    } else if (pattern.startsWith("/")) {
      const text = `= ${quote(pattern)} starts with "/", wanted a pattern below the directory`;
      problems.push({ path: where, text, hint: `Write ${quote(pattern.replace(/^\/+/, ""))}` });
    } else if (/(^|\/)\.\.(\/|$)/.test(pattern)) {
      const text = `= ${quote(pattern)} leaves the directory`;
      problems.push({ path: where, text, code: "path-escape", hint: "Name the other directory as a path of its own" });
    }
  });
  return patterns;
}

/** {@link DefinitionApi.text}. */
export function makeText(caller: Caller, content: unknown, options: unknown = {}): Value<"file"> {
  const problems: Problem[] = [];
  if (typeof content !== "string") {
    const text = `is ${describeValue(content)}, wanted a string`;
    problems.push({ path: "", text, missing: content === undefined });
  } else copyPlain(content, "", problems);
  return makeFile(caller, { what: "text", content: String(content), options, problems });
}

/** {@link DefinitionApi.json}. */
export function makeJson(caller: Caller, value: unknown, options: unknown = {}): Value<"file"> {
  const problems: Problem[] = [];
  const content = `${JSON.stringify(copyPlain(value, "", problems), null, 2)}\n`;
  return makeFile(caller, { what: "json", content, options, problems });
}

function makeFile(
  caller: Caller,
  file: { readonly what: string; readonly content: string; readonly options: unknown; readonly problems: Problem[] },
): Value<"file"> {
  const { what, content, options, problems } = file;
  const mode = readMode(readOptions(options, ["mode"], problems).mode, problems);
  throwProblems(`Cannot make a ${what} file`, problems);
  return makeValue<Value<"file">>({
    kind: "file",
    args: { text: content, mode },
    position: caller.host.position(),
    summary: `${what} of ${content.length} characters`,
  });
}

/** {@link DefinitionApi.link}. */
export function makeLink(caller: Caller, target: unknown): Value<"link"> {
  const problems: Problem[] = [];
  if (typeof target !== "string" || target === "" || target.includes("\0")) {
    const text = `is ${describeValue(target)}, wanted the path it points to`;
    problems.push({ path: "", text, missing: target === undefined });
  } else copyPlain(target, "", problems);
  throwProblems("Cannot make a symbolic link", problems);
  const text = String(target);
  return makeValue<Value<"link">>({
    kind: "link",
    args: { target: text },
    position: caller.host.position(),
    summary: `link to ${text}`,
  });
}

/** {@link DefinitionApi.directory}. */
export function makeDirectory(caller: Caller, options: unknown = {}): Value<"directory"> {
  const problems: Problem[] = [];
  const mode = readMode(readOptions(options, ["mode"], problems).mode, problems);
  throwProblems("Cannot make a directory", problems);
  return makeValue<Value<"directory">>({
    kind: "directory",
    args: { mode },
    position: caller.host.position(),
    summary: "directory",
  });
}

/** A source given as a value or as the path of one; a problem otherwise. */
export function readSource(
  caller: Caller,
  value: unknown,
  at: { path: string; problems: Problem[] },
): Source | undefined {
  if (typeof value === "string") {
    const path = workspacePath(value, { dir: caller.dir, ...at });
    if (path === undefined) return undefined;
    return makeValue<PathValue>({
      kind: "path",
      args: { path, include: [], exclude: [], follow: false },
      position: caller.host.position(),
      summary: `path //${path}`,
    });
  }
  return readSourceValue(value, at);
}
