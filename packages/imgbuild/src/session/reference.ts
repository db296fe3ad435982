import { atPosition, fromUnknown } from "@imgbuild/errors";
import type { Target } from "@imgbuild/graph";
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
