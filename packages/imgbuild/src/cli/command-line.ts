import type { CommandSpec } from "./commands.ts";
import type { Flags } from "./parsed-flags.ts";

/** A command line, read and checked. */
export interface CommandLine {
  readonly spec: CommandSpec;
  readonly flags: Flags;
}

/** What yargs calls the words of a command: `labels`, as a rule. */
export function wordsName(spec: CommandSpec): string {
  return /(\w+)\.\.\./.exec(spec.usage)?.[1] ?? "";
}

/** The word by which a command is called. */
export function commandName(spec: CommandSpec): string {
  return spec.usage.split(" ", 1)[0] ?? "";
}
