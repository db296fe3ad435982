import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { evaluateTargets } from "../session/prepare.ts";
import { withSession } from "../session/session.ts";

/** `imgbuild list`: labels of targets, all when none is named; with `--json` also name, tag and place. */
export function runList(flags: Flags, host: Host): Promise<number> {
  return withSession(flags, host, async (session) => {
    const evaluation = await evaluateTargets(session, flags.labels.length === 0 ? ["//..."] : flags.labels);
    const wanted = new Set(evaluation.labels);
    for (const { label, image, position } of evaluation.graph.targets) {
      if (!wanted.has(label)) continue;
      const line = flags.json
        ? JSON.stringify({ v: 1, type: "target", label, name: image?.name ?? null, tag: image?.tag ?? null, position })
        : label;
      host.stdout.write(`${line}\n`);
    }
    return 0;
  });
}
