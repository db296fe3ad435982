import type { RunCommandArgs } from "@imgbuild/graph";
import { byCodeUnit } from "@imgbuild/graph";
import { readFlag, readOptions } from "../options.ts";
import { describeValue, isPlainObject } from "../plain.ts";
import { joinPath, type Problem, quote } from "../problem.ts";
import { recordOf } from "../source.ts";

/** Names that the sandbox sets itself for its own needs. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The attribute `command`. */
export function readCommand(value: unknown, problems: Problem[]): RunCommandArgs["command"] {
  const path = "command";
  const wanted = "wanted the text of a shell script, or a program and its arguments";
  if (typeof value === "string") {
    if (value.includes("\0")) problems.push({ path, text: `has a NUL character, ${wanted}` });
    else if (value.trim() === "") problems.push({ path, text: `is empty, ${wanted}` });
    return value;
  }
  if (!Array.isArray(value) || value.length === 0) {
    problems.push({ path, text: `is ${describeValue(value)}, ${wanted}`, missing: value === undefined });
    return "";
  }
  return Array.from(value as unknown[], (word, i) => {
    if (typeof word === "string" && !word.includes("\0") && (i > 0 || word !== "")) return word;
    problems.push({ path: joinPath(path, i), text: `is ${describeValue(word)}, wanted a word of the command` });
    return "";
  });
}

/** The attribute `env`. */
export function readEnvironment(value: unknown, problems: Problem[]): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isPlainObject(value) || recordOf(value) !== undefined) {
    problems.push({
      path: "env",
      text: `is ${describeValue(value)}, wanted an object such as { NODE_ENV: "production" }`,
    });
    return {};
  }
  const variables: [string, string][] = [];
  for (const name of Object.keys(value).sort(byCodeUnit)) {
    const path = joinPath("env", name);
    const text = value[name];
    if (!VARIABLE.test(name)) problems.push({ path, text: "is no name of a variable" });
    else if (typeof text !== "string" || text.includes("\0")) {
      const hint =
        typeof text === "number" || typeof text === "boolean" ? `Write it as ${quote(String(text))}` : undefined;
      problems.push({ path, text: `is ${describeValue(text)}, wanted a string`, hint, missing: text === undefined });
    } else variables.push([name, text]);
  }
  return Object.fromEntries(variables);
}

/** The attribute `secrets`, sorted by name. */
export function readSecrets(value: unknown, problems: Problem[]): RunCommandArgs["secrets"] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    problems.push({ path: "secrets", text: `is ${describeValue(value)}, wanted a list of names` });
    return [];
  }
  const found = new Map<string, boolean>();
  for (const [i, member] of Array.from(value as unknown[]).entries()) {
    const path = joinPath("secrets", i);
    const given = typeof member === "string" ? { name: member } : readOptions(member, ["name", "env"], problems);
    const { name } = given;
    if (typeof name !== "string" || !VARIABLE.test(name)) {
      const hint = "Give the name alone: its value is taken from the environment when the command runs";
      problems.push({
        path,
        text: `is ${typeof name === "string" ? "no name of a variable" : describeValue(member)}, wanted a name such as "NPM_TOKEN"`,
        hint,
      });
      continue;
    }
    if (found.has(name)) problems.push({ path, text: `names ${quote(name)} a second time` });
    found.set(
      name,
      readFlag("env" in given ? given.env : undefined, { path: `${path}.env`, fallback: false, problems }),
    );
  }
  return [...found].sort(([a], [b]) => byCodeUnit(a, b)).map(([name, env]) => ({ name, env }));
}
