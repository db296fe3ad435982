import { isCommand } from "./command-table.ts";
import { FLAG_NAMES, type FlagName, flagOf } from "./flags.ts";
import type { Invocation } from "./invocation.ts";

const BY_TEXT = new Map<string, FlagName>(
  FLAG_NAMES.flatMap((name): [string, FlagName][] => {
    const { alias } = flagOf(name);
    return [[`--${name}`, name], ...(alias === undefined ? [] : ([[`-${alias}`, name]] as [string, FlagName][]))];
  }),
);

/**
 * Reads the command lines that nearly everybody types, without yargs, whose loading takes longer than a build with
 * nothing to do. Whatever has a second reading is left to yargs (undefined): a test holds the two together.
 */
export function readSimpleArguments(argv: readonly string[]): Invocation | undefined {
  const [command = "", ...tokens] = argv;
  if (!isCommand(command)) return undefined;
  const words: string[] = [];
  const flags: Partial<Record<FlagName, string | boolean>> = {};
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? "";
    if (isPlainWord(token)) {
      words.push(token);
      continue;
    }
    const name = BY_TEXT.get(token);
    if (name === undefined || flags[name] !== undefined) return undefined;
    if (flagOf(name).type === "boolean") {
      flags[name] = true;
      continue;
    }
    i += 1;
    const value = tokens[i];
    if (value === undefined || !isPlainWord(value)) return undefined;
    flags[name] = value;
  }
  return { command, words, rest: null, flags };
}

/** Neither a flag, nor empty, nor a word that yargs takes for the value of the flag before it. */
function isPlainWord(token: string): boolean {
  return /^[^-"'\0]/.test(token) && token !== "true" && token !== "false";
}
