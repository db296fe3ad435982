import type { Options } from "yargs";
import type { Host } from "../host.ts";
import { type CommandLine, commandName } from "./command-line.ts";
import { COMMANDS } from "./commands.ts";
import { withEnvironment } from "./environment.ts";
import { GLOBAL_OPTIONS } from "./options.ts";
import { readFlags } from "./read-flags.ts";

/**
 * Reads the command lines that nearly everybody types without yargs, whose loading takes longer than a build that has
 * nothing to do. Whatever could be wrong, or could be read in a second way, is left to yargs (undefined): a test holds
 * the two together.
 */
export function readSimpleCommandLine(host: Host): CommandLine | undefined {
  const [name, ...tokens] = host.argv;
  const spec = COMMANDS.find((each) => commandName(each) === name);
  if (spec === undefined) return undefined;
  const options = withEnvironment({ ...GLOBAL_OPTIONS, ...spec.options }, host.env);
  const given = readTokens(tokens, options);
  if (given === undefined) return undefined;
  const { labels, values } = given;
  if (labels.length === 0 && spec.usage.includes("<")) return undefined;
  const args: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) args[key] = values.get(key) ?? option.default;
  return { spec, flags: readFlags(args, { labels, rest: [] }) };
}

function readTokens(
  words: readonly string[],
  options: Readonly<Record<string, Options>>,
): { readonly labels: readonly string[]; readonly values: ReadonlyMap<string, unknown> } | undefined {
  const labels: string[] = [];
  const values = new Map<string, unknown>();
  const tokens = words.flatMap(splitNumber);
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? "";
    if (isPlain(token)) {
      labels.push(token);
      continue;
    }
    const found = Object.entries(options).find(
      ([key, { alias }]) => token === `--${key}` || token === `-${String(alias)}`,
    );
    if (found === undefined || values.has(found[0])) return undefined;
    const [key, option] = found;
    if (option.type === "boolean") values.set(key, true);
    else {
      i += 1;
      const value = readValue(tokens[i] ?? "", option);
      if (value === undefined) return undefined;
      values.set(key, value);
    }
  }
  return { labels, values };
}

function readValue(text: string, option: Options): string | number | undefined {
  if (!isPlain(text) || (option.choices !== undefined && !option.choices.includes(text))) return undefined;
  if (option.type !== "number") return text;
  return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : undefined;
}

/** `-j4` is `-j 4`. */
function splitNumber(word: string): string[] {
  return /^-j[1-9]\d{0,3}$/.test(word) ? [word.slice(0, 2), word.slice(2)] : [word];
}

/** A word that yargs reads as itself wherever it stands: no flag, not empty, unquoted, no value of a flag before it. */
function isPlain(token: string): boolean {
  return /^[^-"'`\s][^"'`\s]*$/.test(token) && token !== "true" && token !== "false";
}
