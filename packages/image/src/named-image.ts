import type { ImageData } from "./layer-data.ts";

/** An image on its way out, and the names (`name:tag`) that it gets there. */
export interface NamedImage {
  readonly data: ImageData;
  readonly references: readonly string[];
}

/** One entry an image, at its first place: given twice, it gets the names of both. */
export function uniqueImages(images: readonly NamedImage[]): NamedImage[] {
  const byConfig = new Map<string, NamedImage>();
  for (const image of images) {
    const known = byConfig.get(image.data.config);
    const references = [...new Set([...(known?.references ?? []), ...image.references])];
    byConfig.set(image.data.config, { data: image.data, references });
  }
  return [...byConfig.values()];
}
