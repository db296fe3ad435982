import { commandTitle, type Derivation, type DerivationId, type RunCommandArgs } from "@imgbuild/graph";

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
  return {
    ...args,
    inputs: args.hasInputs ? first : undefined,
    rootId: args.root === null ? undefined : args.hasInputs ? second : first,
    title: commandTitle(args.command),
  };
}
