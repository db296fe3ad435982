import type { ImgbuildError } from "@imgbuild/errors";
import type { Derivation, Output, ResolvedKey } from "@imgbuild/graph";

/** An error, and the label of the target under which it is reported in full. */
export interface Failure {
  readonly label: string;
  readonly error: ImgbuildError;
}

/**
 * What is known of a derivation before anything runs. `hit`: its output is known. `build`: it will run. `maybe`: an
 * input will be built first, and early cutoff may still make it a hit. `failed`: a leaf below it cannot be read.
 */
export type NodeState = "hit" | "build" | "maybe" | "failed";

/** One needed derivation in a plan. */
export interface PlanNode {
  readonly derivation: Derivation;
  readonly mode: "inline" | "cached";
  /** The target under which it is reported. */
  readonly label: string;
  readonly state: NodeState;
  /** Known when the outputs of all inputs are. */
  readonly key: ResolvedKey | undefined;
  /** Known for `hit` only. */
  readonly output: Output | undefined;
  /** For `failed`: everything wrong below it. */
  readonly failures: readonly Failure[];
  /** Milliseconds that it took when it was last performed, if known. */
  readonly recordedMs: number | undefined;
}

/** All failures of several nodes, each error once. */
export function unionOfFailures(nodes: readonly { readonly failures: readonly Failure[] }[]): readonly Failure[] {
  const failing = nodes.filter((node) => node.failures.length > 0);
  if (failing.length < 2) return failing[0]?.failures ?? [];
  return [...new Map(failing.flatMap((node) => node.failures.map((failure) => [failure.error, failure]))).values()];
}
