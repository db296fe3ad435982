import { combineErrors, ImgbuildError } from "@imgbuild/errors";
import { type Target, tagOf } from "@imgbuild/graph";
import { hashInputs } from "@imgbuild/scheduler";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { uniqueErrors } from "../session/check-plan.ts";
import { prepare } from "../session/prepare.ts";
import { mergedReferences, referenceOf } from "../session/reference.ts";
import { withSession } from "../session/session.ts";

/**
 * `imgbuild tag`: the tags that a build would give. One label alone prints its tag and nothing else (of merged images their
 * references); several, or a pattern, one line each: label and reference. Throws `usage` for one label without a name.
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
    for (const target of targets) {
      const inputHash = hashes.get(target.derivation);
      const derivation = evaluation.graph.derivations.get(target.derivation);
      if (inputHash === undefined || derivation === undefined) continue;
      const isMerge = derivation.kind === "merge-images";
      if (target.image === null && !isMerge) {
        if (single) throw nameless(target);
        continue;
      }
      const tag = target.image?.tag ?? tagOf(inputHash);
      const references = isMerge ? mergedReferences(target, derivation, hashes) : [referenceOf(target, tag)];
      for (const reference of references) {
        const line = { v: 1, type: "target.tag", label: target.label, tag: tagIn(reference), reference, inputHash };
        if (flags.json) host.stdout.write(`${JSON.stringify(line)}\n`);
        else if (!single) host.stdout.write(`${target.label}  ${reference}\n`);
        else host.stdout.write(isMerge ? `${reference}\n` : `${tag}\n`);
      }
    }
    return 0;
  });
}

function tagIn(reference: string): string {
  return reference.slice(reference.lastIndexOf(":") + 1);
}

function nameless({ label, position }: Target): ImgbuildError {
  return new ImgbuildError("usage", `Cannot tell the tag of "${label}": it has no name`, {
    position,
    hint: "Name an image",
  });
}
