import { atPosition, fromUnknown } from "@imgbuild/errors";
import { type ArchiveArgs, hashParts, type JsonValue, type Output, type Step, type StepRunner } from "@imgbuild/graph";
import { type ImageData, imageParts, importImage, layerBlobs } from "@imgbuild/image";
import type { Platform } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { ImageOutput } from "./image-output.ts";

/** What the archive runner needs. */
export interface ArchiveRunnerOptions {
  readonly store: Store;
  readonly workspaceRoot: string;
}

/** Takes an image out of an archive or layout of the workspace into the store. */
export function archiveRunner(options: ArchiveRunnerOptions): StepRunner {
  return {
    kind: "archive",
    mode: "cached",
    version: 2,
    run: (step) => runArchive(step, options),
    blobs: (output) => (output.data as unknown as ImageOutput).blobs,
  };
}

async function runArchive(step: Step, { store, workspaceRoot }: ArchiveRunnerOptions): Promise<Output> {
  const { path, name, tag, platform } = step.derivation.args as unknown as ArchiveArgs;
  try {
    const pick = { name, tag };
    const image = await importImage({
      path: `${workspaceRoot}/${path}`,
      pick,
      platform: platform && platformOf(platform),
      store,
      signal: step.signal,
    });
    return importedOutput(store, image);
  } catch (error) {
    throw atPosition(fromUnknown(error, `Cannot read the image archive "//${path}"`), step.derivation.position);
  }
}

/** What an archive must be for. */
export function platformOf({ os, architecture, variant }: NonNullable<ArchiveArgs["platform"]>): Platform {
  return variant === null ? { os, architecture } : { os, architecture, variant };
}

/** The output of a step that imported an image. */
export function importedOutput(store: Store, image: ImageData): Output {
  const blobs = [image.config, ...new Set(image.layers.flatMap((layer) => layerBlobs(store, layer)))];
  const data: ImageOutput = { image, blobs };
  return { digest: hashParts("imgbuild.image", imageParts(image)), data: data as unknown as JsonValue };
}
