import { ImgbuildError } from "@imgbuild/errors";
import type { Target } from "@imgbuild/graph";
import { reachable } from "@imgbuild/scheduler";
import { enterKept, type KeptRun, keptRun } from "@imgbuild/steps";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { evaluateTargets } from "../session/prepare.ts";
import { scriptOptions } from "../session/script-options.ts";
import { type Session, withSession } from "../session/session.ts";

/** `imgbuild shell LABEL`: a shell in the sandbox that a failed script of the target left. Its exit code is ours. */
export function runShell(flags: Flags, host: Host): Promise<number> {
  return withSession(flags, host, async (session) => {
    const evaluation = await evaluateTargets(session, flags.labels);
    const targets = evaluation.graph.targets.filter((target) => evaluation.labels.includes(target.label));
    const [target, ...more] = targets;
    if (target === undefined || more.length > 0) {
      throw new ImgbuildError("usage", `Cannot enter ${targets.length} sandboxes at once: wanted one`, {
        hint: "Name one label",
      });
    }
    const kept = keptOf(session, target, evaluation.graph);
    return enterKept(kept, { scripts: scriptOptions(host, flags), signal: host.signal });
  });
}

function keptOf(session: Session, target: Target, graph: Parameters<typeof reachable>[0]): KeptRun {
  for (const id of reachable(graph, [target.derivation])) {
    const kept = keptRun(session.store, id);
    if (kept !== undefined) return kept;
  }
  throw new ImgbuildError("not-found", `Cannot enter a sandbox of ${target.label}: no failed script of it was kept`, {
    hint: `Run \`imgbuild build ${target.label} --keep-failed\` first`,
  });
}
