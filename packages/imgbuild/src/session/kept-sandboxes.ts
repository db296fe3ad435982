import { reachable } from "@imgbuild/scheduler";
import { dropKeptRun, keepForTarget, keptLabels, sandboxOpener } from "@imgbuild/steps";
import type { Prepared } from "./prepare.ts";
import { scriptOptions } from "./script-options.ts";
import type { Session } from "./session.ts";

/** Opens the sandbox of this machine for a command, once. */
export function openerOf({ host, flags, store }: Session): ReturnType<typeof sandboxOpener> {
  return sandboxOpener({ scripts: scriptOptions(host, flags), store });
}

/**
 * After a build: what failed scripts left is known by the labels of their targets, for `imgbuild shell`; of targets that are
 * built now nothing is kept any longer.
 */
export async function settleKept(
  session: Session,
  { prepared, failed }: { readonly prepared: Prepared; readonly failed: ReadonlySet<string> },
): Promise<void> {
  const { store, flags } = session;
  const open = openerOf(session);
  const kept = new Set(keptLabels(store));
  for (const { label, derivation } of prepared.targets) {
    if (!failed.has(label)) {
      if (kept.has(label)) await dropKeptRun(store, label, open);
    } else if (flags.keepFailed) {
      await keepForTarget(store, label, { ids: reachable(prepared.evaluation.graph, [derivation]), open });
    }
  }
}
