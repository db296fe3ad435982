import { ImgbuildError } from "@imgbuild/errors";
import type { ImageData } from "./layer-data.ts";

/** An image on its way out, and the names (`name:tag`) that it gets there. */
export interface NamedImage {
  readonly data: ImageData;
  readonly references: readonly string[];
  /** Given for an index: its images, one a platform; `data` is the first of them. */
  readonly platforms?: readonly ImageData[] | undefined;
  /** Of the index itself. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** What makes an image the same as another: as its layers and config, or as its manifest, which says more. */
export type SameBy = "config" | "manifest";

/** One entry an image, at its first place: given twice, it gets the names of both. */
export function uniqueImages(images: readonly NamedImage[], by: SameBy): NamedImage[] {
  const byContent = new Map<string, NamedImage>();
  for (const image of images) {
    const { data, platforms, annotations } = image;
    const key = JSON.stringify([
      (platforms ?? [data]).map((each) => keyOf(each, by)),
      platforms && (annotations ?? {}),
    ]);
    const references = [...new Set([...(byContent.get(key)?.references ?? []), ...image.references])];
    byContent.set(key, { ...image, references });
  }
  return [...byContent.values()];
}

function keyOf({ config, annotations = {} }: ImageData, by: SameBy): string {
  return by === "config" ? config : JSON.stringify([config, annotations]);
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
