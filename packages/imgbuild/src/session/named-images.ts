import type { Deliverable } from "@imgbuild/deliver";
import { ImgbuildError } from "@imgbuild/errors";
import {
  type Derivation,
  type DerivationId,
  type ImageArgs,
  type ImageIndexArgs,
  type InputHash,
  type Output,
  type Target,
  tagOf,
} from "@imgbuild/graph";
import type { ImageData } from "@imgbuild/image";
import { hashInputs, type RunResult } from "@imgbuild/scheduler";
import type { CollectionOutput, ImageOutput } from "@imgbuild/steps";
import type { Prepared } from "./prepare.ts";
import { mergedReferences, referenceOf } from "./reference.ts";

/** What naming the images of a target needs. */
export interface NamedOptions {
  readonly prepared: Prepared;
  readonly result: RunResult;
  readonly inputHash: InputHash;
  readonly output: Output;
}

/**
 * The images that a target stands for, with their names; none for what is no image. Layers do not know their sources. Names and
 * annotations are those of the definition, whatever the cache remembers of an image.
 */
export function namedImages(target: Target, options: NamedOptions): Deliverable[] {
  const derivation = options.prepared.evaluation.graph.derivations.get(target.derivation);
  const kind = derivation?.kind;
  if (derivation === undefined) return [];
  if (kind === "merge-images") return mergedImages(target, derivation, options);
  const references = target.image === null ? [] : [referenceOf(target, tagOf(options.inputHash))];
  if (kind === "export" || kind === "image-index") {
    const images = collectedImages(derivation, options);
    const [first] = images;
    if (first === undefined) return [];
    if (kind === "export") return [{ data: first, references }];
    const { annotations } = derivation.args as unknown as ImageIndexArgs;
    return [{ data: first, references, platforms: images, annotations }];
  }
  if (target.image === null) return [];
  const { image } = options.output.data as unknown as ImageOutput;
  return [{ data: annotated(image, derivation), references }];
}

function annotated(image: ImageData, derivation: Derivation | undefined): ImageData {
  const annotations = (derivation?.args as unknown as ImageArgs | undefined)?.annotations;
  return annotations === undefined ? image : { ...image, annotations };
}

function collectedImages({ inputs }: Derivation, { prepared, output }: NamedOptions): ImageData[] {
  const { derivations } = prepared.evaluation.graph;
  const { images } = output.data as unknown as CollectionOutput;
  return images.map((image, i) => annotated(image, derivations.get(inputs[i] ?? ("" as DerivationId))));
}

function mergedImages(target: Target, derivation: Derivation, options: NamedOptions): Deliverable[] {
  const { prepared, result } = options;
  const reading = { leaves: result.leaves, errors: new Map<DerivationId, ImgbuildError>() };
  const hashes = hashInputs(prepared.evaluation.graph, derivation.inputs, reading);
  const references = mergedReferences(target, derivation, hashes);
  const owners = new Map<string, string>();
  return collectedImages(derivation, options).map((data, i) => {
    const reference = references[i] ?? "";
    const other = owners.get(reference);
    owners.set(reference, data.config);
    if (other === undefined || other === data.config) return { data, references: [reference] };
    throw new ImgbuildError("conflict", `Cannot merge two images that are both named "${reference}"`, {
      position: target.position,
      hint: "Give one of them another name or tag, or leave the tag out",
    });
  });
}
