import { ImgbuildError } from "@imgbuild/errors";
import type { ImageData } from "./layer-data.ts";

/** An image on its way out, and the names (`name:tag`) that it gets there. */
export interface NamedImage {
  readonly data: ImageData;
  readonly references: readonly string[];
  /** Given for an index: its images, one a platform; `data` is the first of them. */
  readonly platforms?: readonly ImageData[] | undefined;
}

/** One entry an image, at its first place: given twice, it gets the names of both. */
export function uniqueImages(images: readonly NamedImage[]): NamedImage[] {
  const byContent = new Map<string, NamedImage>();
  for (const image of images) {
    const key =
      image.platforms === undefined ? image.data.config : image.platforms.map(({ config }) => config).join(" ");
    const kind = image.platforms === undefined ? "image" : "index";
    const known = byContent.get(`${kind} ${key}`);
    const references = [...new Set([...(known?.references ?? []), ...image.references])];
    byContent.set(`${kind} ${key}`, { ...image, references });
  }
  return [...byContent.values()];
}

/** Refuses an index where only single images can be. Throws `unsupported`. */
export function refuseIndexes(images: readonly NamedImage[], where: string): void {
  const index = images.find((image) => image.platforms !== undefined);
  if (index === undefined) return;
  const name = index.references[0] ?? "the index";
  throw new ImgbuildError(
    "unsupported",
    `Cannot put "${name}" into ${where}: it is an index of ${index.platforms?.length} images`,
    {
      hint: "Deliver it with --format oci-archive or oci-layout, or deliver one of its images",
    },
  );
}
