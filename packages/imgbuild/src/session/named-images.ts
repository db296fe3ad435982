import type { Deliverable } from "@imgbuild/deliver";
import { ImgbuildError } from "@imgbuild/errors";
import {
  type DerivationId,
  type InputHash,
  type MergeImagesArgs,
  type Output,
  type Target,
  tagOf,
} from "@imgbuild/graph";
import { hashInputs, type RunResult } from "@imgbuild/scheduler";
import type { CollectionOutput, ImageOutput } from "@imgbuild/steps";
import type { Prepared } from "./prepare.ts";
import { referenceOf } from "./reference.ts";

/** What naming the images of a target needs. */
export interface NamedOptions {
  readonly prepared: Prepared;
  readonly result: RunResult;
  readonly inputHash: InputHash;
  readonly output: Output;
}

/** The images that a target stands for, with their names; none for what is no image. Layers do not know their sources. */
export function namedImages(target: Target, options: NamedOptions): Deliverable[] {
  const { graph } = options.prepared.evaluation;
  const kind = graph.derivations.get(target.derivation)?.kind;
  if (kind === "merge-images") return mergedImages(target, options);
  const references = target.image === null ? [] : [referenceOf(target, tagOf(options.inputHash))];
  if (kind === "export" || kind === "image-index") {
    const { images } = options.output.data as unknown as CollectionOutput;
    const [first] = images;
    if (first === undefined) return [];
    return [{ data: first, references, ...(kind === "export" ? {} : { platforms: images }) }];
  }
  if (target.image === null) return [];
  return [{ data: (options.output.data as unknown as ImageOutput).image, references }];
}

function mergedImages(target: Target, { prepared, result, output }: NamedOptions): Deliverable[] {
  const { graph } = prepared.evaluation;
  const derivation = graph.derivations.get(target.derivation);
  if (derivation === undefined)
    throw new ImgbuildError("internal", `Internal error: "${target.label}" is not in the graph`);
  const { inputs } = derivation;
  const reading = { leaves: result.leaves, errors: new Map<DerivationId, ImgbuildError>() };
  const hashes = hashInputs(graph, inputs, reading);
  const { images } = derivation.args as unknown as MergeImagesArgs;
  const found = (output.data as unknown as CollectionOutput).images;
  const owners = new Map<string, string>();
  return found.map((data, i) => {
    const hash = inputs[i] === undefined ? undefined : hashes.get(inputs[i]);
    const name = images[i];
    if (hash === undefined || name === undefined)
      throw new ImgbuildError("internal", "Internal error: a merged image has no name");
    const reference = referenceOf({ ...target, image: { ...name, compressor: "gz" } }, tagOf(hash));
    const other = owners.get(reference);
    owners.set(reference, data.config);
    if (other === undefined || other === data.config) return { data, references: [reference] };
    throw new ImgbuildError("conflict", `Cannot merge two images that are both named "${reference}"`, {
      position: target.position,
      hint: "Give one of them another name or tag, or leave the tag out",
    });
  });
}
