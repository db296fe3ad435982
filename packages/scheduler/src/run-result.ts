import type { ImgbuildError } from "@imgbuild/errors";
import type { DerivationId, Leaf, Output, Target } from "@imgbuild/graph";
import { criticalPath } from "./critical-path.ts";
import type { Plan } from "./plan.ts";
import type { RunNode } from "./run-node.ts";
import { targetError } from "./target-error.ts";

/** How a target ended. */
export type TargetOutcome =
  | { readonly status: "done"; readonly result: "hit" | "built"; readonly output: Output }
  /** Its own error, or one that says which label failed (then `cause` is that one's). */
  | { readonly status: "failed"; readonly error: ImgbuildError }
  /** Nothing is known to be wrong with it: the run stopped at another failure. */
  | { readonly status: "skipped" }
  | { readonly status: "cancelled" };

/** One step of the critical path. */
export interface PathStep {
  readonly id: DerivationId;
  readonly kind: string;
  readonly label: string;
  readonly ms: number;
}

/** What a run came to. */
export interface RunResult {
  /** By label, in the order in which the targets were asked for. */
  readonly targets: ReadonlyMap<string, TargetOutcome>;
  /**
   * Leaves as they were in the end: differ from the plan's when an input changed during the run. Input hashes, and so
   * tags, must be computed from these.
   */
  readonly leaves: ReadonlyMap<DerivationId, Leaf>;
  /** What every derivation that is done turned out to be. */
  readonly outputs: ReadonlyMap<DerivationId, Output>;
  /** Cached steps that did not run. */
  readonly hits: number;
  /** Steps that ran. */
  readonly built: number;
  /** Targets that failed. */
  readonly failed: number;
  /** Sum of the recorded durations of the hits, in milliseconds. */
  readonly savedMs: number;
  /** The chain of steps that bounded the run, first one first. Empty when nothing ran. */
  readonly criticalPath: readonly PathStep[];
}

/** Reads the result off the nodes of a run that is over. */
export function runResult(
  plan: Plan,
  nodes: ReadonlyMap<DerivationId, RunNode>,
  end: { readonly leaves: ReadonlyMap<DerivationId, Leaf>; readonly cancelled: boolean },
): RunResult {
  const targets = new Map<string, TargetOutcome>();
  for (const target of plan.targets) {
    const node = nodes.get(target.derivation);
    if (node !== undefined) targets.set(target.label, outcomeOf(target, node, end.cancelled));
  }
  const steps = [...nodes.values()].filter((node) => node.mode === "cached");
  const hits = steps.filter((node) => node.result === "hit");
  return {
    targets,
    leaves: end.leaves,
    outputs: outputsOf(nodes),
    hits: hits.length,
    built: steps.filter((node) => node.result === "built").length,
    failed: [...targets.values()].filter((target) => target.status === "failed").length,
    savedMs: hits.reduce((sum, node) => sum + node.savedMs, 0),
    criticalPath: pathSteps(plan, nodes),
  };
}

function outputsOf(nodes: ReadonlyMap<DerivationId, RunNode>): ReadonlyMap<DerivationId, Output> {
  const outputs = new Map<DerivationId, Output>();
  for (const [id, { output }] of nodes) if (output !== undefined) outputs.set(id, output);
  return outputs;
}

function outcomeOf(target: Target, node: RunNode, cancelled: boolean): TargetOutcome {
  const error = targetError(target, node.failures);
  if (error !== undefined) return { status: "failed", error };
  if (node.output !== undefined) return { status: "done", result: node.result ?? "hit", output: node.output };
  return { status: cancelled ? "cancelled" : "skipped" };
}

function pathSteps(plan: Plan, nodes: ReadonlyMap<DerivationId, RunNode>): readonly PathStep[] {
  const took = (id: DerivationId): number | undefined => {
    const node = nodes.get(id);
    return node?.mode === "cached" && node.result === "built" ? node.ms : undefined;
  };
  return criticalPath(plan.graph, nodes.keys(), took).map((id) => {
    const node = nodes.get(id);
    return { id, kind: node?.derivation.kind ?? "", label: node?.label ?? "", ms: took(id) ?? 0 };
  });
}
