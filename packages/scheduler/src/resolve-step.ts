import { ImgbuildError } from "@imgbuild/errors";
import type { Derivation, Leaf, Output, ResolvedKey, StepRunner } from "@imgbuild/graph";
import { resolvedKey } from "@imgbuild/graph";

/** Step runners by kind. */
export type Runners = ReadonlyMap<string, StepRunner>;

/** The runner of a derivation. Throws `internal` when its kind has none. */
export function runnerOf(runners: Runners, derivation: Derivation): StepRunner {
  const runner = runners.get(derivation.kind);
  if (runner !== undefined) return runner;
  throw new ImgbuildError("internal", `Internal error: no step runner for the kind "${derivation.kind}"`);
}

/** The resolved key of a derivation whose inputs have these outputs, in the order of the inputs. */
export function keyOf(
  derivation: Derivation,
  runner: StepRunner,
  parts: { readonly leaf: Leaf | undefined; readonly inputs: readonly Output[] },
): ResolvedKey {
  const inputDigests = parts.inputs.map((output) => output.digest);
  return resolvedKey(derivation, { runnerVersion: runner.version, leaf: parts.leaf, inputDigests });
}

/**
 * The output of an inline derivation: its key says everything about it, so `run` is never called for one. Whoever
 * needs its content walks the graph, as the layer step does.
 */
export function inlineOutput(key: ResolvedKey): Output {
  return { digest: key, data: null };
}
