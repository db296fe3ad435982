import { combineErrors } from "@imgbuild/errors";
import { tagOf } from "@imgbuild/graph";
import { hashInputs } from "@imgbuild/scheduler";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { uniqueErrors } from "../session/check-plan.ts";
import { prepare } from "../session/prepare.ts";
import { referenceOf } from "../session/reference.ts";
import { withSession } from "../session/session.ts";

/**
 * `imgbuild tag`: the tags that a build would give. One label alone prints its tag and nothing else; several, or a pattern,
 * one line each: label and reference.
 */
export function runTag(flags: Flags, host: Host): Promise<number> {
  return withSession(flags, host, async (session) => {
    const { targets, evaluation, leaves } = await prepare(session);
    const hashes = hashInputs(
      evaluation.graph,
      targets.map((target) => target.derivation),
      leaves,
    );
    const errors = [...leaves.errors.values()];
    if (errors.length > 0) throw combineErrors(uniqueErrors(errors));
    const single = flags.labels.length === 1 && !/\.\.\.$|:\*$/.test(flags.labels[0] ?? "");
    for (const target of targets.filter((each) => each.image !== null)) {
      const hash = hashes.get(target.derivation);
      if (hash === undefined) continue;
      const tag = target.image?.tag ?? tagOf(hash);
      const reference = referenceOf(target, tag);
      if (flags.json)
        host.stdout.write(
          `${JSON.stringify({ v: 1, type: "target.tag", label: target.label, tag, reference, inputHash: hash })}\n`,
        );
      else host.stdout.write(single ? `${tag}\n` : `${target.label}  ${reference}\n`);
    }
    return 0;
  });
}
