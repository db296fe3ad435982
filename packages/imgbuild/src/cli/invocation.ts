import type { CommandName } from "./command-table.ts";
import type { FlagValues } from "./flags.ts";

/** A command line, read. */
export interface Invocation {
  readonly command: CommandName;
  /** What stands beside flags: labels, mostly. */
  readonly words: readonly string[];
  /** What stands after `--`; null without one. */
  readonly rest: readonly string[] | null;
  readonly flags: FlagValues;
}

/** What a command line asks for. */
export type Request = { readonly kind: "run"; readonly invocation: Invocation } | { readonly kind: "text"; readonly text: string };
