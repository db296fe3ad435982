import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { failIfAllFailed } from "../session/check-plan.ts";
import { planTargets, prepare } from "../session/prepare.ts";
import { withSession } from "../session/session.ts";

/** `imgbuild plan`: one line a step on stdout (state, kind, label); nothing is built, no trace is written. */
export function runPlan(flags: Flags, host: Host): Promise<number> {
  return withSession(flags, host, async (session) => {
    const prepared = await prepare(session);
    const plan = planTargets(session, prepared);
    failIfAllFailed(plan, flags.keepGoing);
    if (!flags.json) {
      for (const step of plan.steps)
        host.stdout.write(`${step.state.padEnd(5)}  ${step.kind.padEnd(7)}  ${step.label}\n`);
    }
    return 0;
  });
}
