import { atPosition, fromUnknown, ImgbuildError } from "@imgbuild/errors";
import {
  type Derivation,
  type DerivationId,
  type InputHash,
  type MergeImagesArgs,
  type Target,
  tagOf,
} from "@imgbuild/graph";
import { formatReference, parseReference } from "@imgbuild/oci";

/** The reference of an image target: its name in lower case, and its tag or the one of its input hash. Throws `usage`. */
export function referenceOf(target: Target, hashTag: string): string {
  const name = target.image?.name.toLowerCase() ?? "";
  try {
    return formatReference({ ...parseReference(name), tag: target.image?.tag ?? hashTag });
  } catch (error) {
    throw atPosition(fromUnknown(error, `Cannot name the image "${name}"`), target.position);
  }
}

/** The references of merged images, in their order, with the hashes of all that they are made of. Throws `usage`. */
export function mergedReferences(
  target: Target,
  { args, inputs }: Derivation,
  hashes: ReadonlyMap<DerivationId, InputHash>,
): string[] {
  const { images } = args as unknown as MergeImagesArgs;
  return images.map((name, i) => {
    const hash = inputs[i] === undefined ? undefined : hashes.get(inputs[i]);
    if (hash === undefined) throw new ImgbuildError("internal", "Internal error: a merged image has no name");
    return referenceOf({ ...target, image: { ...name, compressor: "gz" } }, tagOf(hash));
  });
}
