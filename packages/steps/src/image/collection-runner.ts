import { hashParts, type JsonValue, type Output, type Step, type StepRunner } from "@imgbuild/graph";
import type { ImageData } from "@imgbuild/image";
import type { ImageOutput } from "./image-output.ts";

/** What the output of an `export`, `merge-images` or `image-index` step holds as its data: its images, in order. */
export interface CollectionOutput {
  readonly images: readonly ImageData[];
  readonly blobs: readonly string[];
}

/** The kinds whose output is a {@link CollectionOutput}. */
export const COLLECTION_KINDS = ["export", "merge-images", "image-index"] as const;

/** Collects images that are delivered as something else than one image. What they are made into is up to the delivery. */
export function collectionRunner(kind: (typeof COLLECTION_KINDS)[number]): StepRunner {
  return {
    kind,
    mode: "cached",
    version: 1,
    run: async (step) => collect(step),
    blobs: (output) => (output.data as unknown as CollectionOutput).blobs,
  };
}

function collect(step: Step): Output {
  const { kind, inputs } = step.derivation;
  const outputs = inputs.map((id) => step.output(id).data as unknown as ImageOutput);
  const images = outputs.map((output) => output.image);
  const data: CollectionOutput = { images, blobs: [...new Set(outputs.flatMap((output) => output.blobs))] };
  // An export has no config: only its files tell it from another.
  const parts =
    kind === "export"
      ? images.flatMap(({ layers }) => layers.map((layer) => layer.diffId))
      : images.map((image) => image.config);
  return { digest: hashParts(`imgbuild.${kind}`, parts), data: data as unknown as JsonValue };
}
