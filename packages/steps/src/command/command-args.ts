import type { Derivation, DerivationId, RunCommandArgs } from "@imgbuild/graph";

/** A `runCommand` derivation, read. */
export interface Command extends RunCommandArgs {
  readonly inputs: DerivationId | undefined;
  readonly rootId: DerivationId | undefined;
  /** The command in one line, for people. */
  readonly title: string;
}

/** Reads a `runCommand` derivation. */
export function commandOf(derivation: Derivation): Command {
  const args = derivation.args as unknown as RunCommandArgs;
  const [first, second] = derivation.inputs;
  const text = typeof args.command === "string" ? args.command : args.command.join(" ");
  const [line = ""] = text.trim().split("\n");
  return {
    ...args,
    inputs: args.hasInputs ? first : undefined,
    rootId: args.root === null ? undefined : args.hasInputs ? second : first,
    title: line.length > 60 ? `${line.slice(0, 57)}...` : line,
  };
}
