import type { DerivationId } from "@imgbuild/graph";
import type { Plan } from "./plan.ts";
import type { PlanNode } from "./plan-node.ts";
import type { RunNode } from "./run-node.ts";

/** The nodes of a plan as a run begins, inputs before their users: hits are done, the rest waits. */
export function runNodes(plan: Plan): ReadonlyMap<DerivationId, RunNode> {
  const nodes = new Map<DerivationId, RunNode>();
  for (const [id, planned] of plan.nodes) {
    const inputs = planned.derivation.inputs.map((input) => nodes.get(input)).filter((input) => input !== undefined);
    const node = runNode(planned, inputs);
    nodes.set(id, node);
    for (const input of inputs) input.dependants.push(node);
  }
  return nodes;
}

function runNode(planned: PlanNode, inputs: readonly RunNode[]): RunNode {
  const { derivation, mode, label, state, output, failures } = planned;
  const hit = state === "hit" && mode === "cached";
  return {
    derivation,
    mode,
    label,
    inputs,
    dependants: [],
    status: state === "hit" ? "done" : state === "failed" ? "failed" : "waiting",
    missing: inputs.filter((input) => input.status !== "done").length,
    generation: 0,
    attempts: 0,
    key: planned.key,
    output,
    result: state === "hit" ? "hit" : undefined,
    ms: 0,
    savedMs: hit ? (planned.recordedMs ?? 0) : 0,
    failures,
  };
}
