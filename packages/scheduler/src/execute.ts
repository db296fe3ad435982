import type { ExecuteOptions } from "./execute-options.ts";
import type { Plan } from "./plan.ts";
import { Run } from "./run.ts";
import { type RunResult, runResult } from "./run-result.ts";

/**
 * Performs a plan: what is missing, in parallel, longest remaining way first, equal work once, and nothing above a
 * step whose output came out as before. Failures are in the result; rejects for bugs only. A step whose input changed
 * while it was read is tried again with the inputs measured anew, three times; after that its `input-changed` stands.
 */
export async function execute(plan: Plan, options: ExecuteOptions): Promise<RunResult> {
  const run = new Run(plan, options);
  await run.finish();
  const result = runResult(plan, run.nodes, { leaves: run.leaves, cancelled: options.signal.aborted });
  for (const [label, outcome] of result.targets) {
    if (outcome.status === "failed") options.emit({ type: "target.failed", label, error: outcome.error });
  }
  return result;
}
