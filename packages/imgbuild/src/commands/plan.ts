import type { DerivationId } from "@imgbuild/graph";
import { stepTitle } from "@imgbuild/scheduler";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { failIfAllFailed, failIfAnyFailed } from "../session/check-plan.ts";
import { planTargets, prepare } from "../session/prepare.ts";
import { withSession } from "../session/session.ts";

/** `imgbuild plan`: one line a step on stdout (state, label, what it makes); nothing is built, no trace is written. */
export function runPlan(flags: Flags, host: Host): Promise<number> {
  return withSession(flags, host, async (session) => {
    const prepared = await prepare(session);
    const plan = planTargets(session, prepared);
    failIfAllFailed(plan, flags.keepGoing);
    if (!flags.json) {
      const width = Math.max(...plan.steps.map((step) => step.label.length));
      for (const { id, state, label, kind } of plan.steps) {
        const derivation = plan.graph.derivations.get(id as DerivationId);
        const title = derivation === undefined ? kind : stepTitle(prepared.steps.runners.get(kind), derivation);
        host.stdout.write(`${state.padEnd(5)}  ${label.padEnd(width)}  ${title}\n`);
      }
    }
    // With keep-going the plan of the others is worth seeing; that some cannot be built is the answer all the same.
    failIfAnyFailed(plan);
    return 0;
  });
}
