import type { ImageArgs, JsonValue, Output, Step, StepRunner } from "@imgbuild/graph";
import { ImgbuildError } from "@imgbuild/errors";
import { encodeDocument, type ImageData, type LayerData, makeImageConfig, readImageConfig } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { LayerOutput } from "../layer/layer-runner.ts";

/** What the output of an `image` or `archive` step holds as its data. */
export interface ImageOutput {
  readonly image: ImageData;
  /** Blobs without which the image is gone. */
  readonly blobs: readonly string[];
}

/** What the image runner needs. */
export interface ImageRunnerOptions {
  readonly store: Store;
  /** For `created: "now"`: milliseconds since the epoch. */
  readonly now: () => number;
}

/** Assembles an image of the metadata of its base and layers: no layer byte is read, whatever the size. */
export function imageRunner(options: ImageRunnerOptions): StepRunner {
  return {
    kind: "image",
    mode: "cached",
    version: 1,
    run: async (step) => runImage(step, options),
    blobs: (output) => (output.data as unknown as ImageOutput).blobs,
  };
}

function runImage(step: Step, { store, now }: ImageRunnerOptions): Output {
  const args = step.derivation.args as unknown as ImageArgs;
  const [first, ...others] = step.derivation.inputs;
  if (args.hasBase && first === undefined) throw new ImgbuildError("internal", "Internal error: an image without its base");
  const base = args.hasBase && first !== undefined ? (step.output(first).data as unknown as ImageOutput) : undefined;
  const layerIds = args.hasBase ? others : step.derivation.inputs;
  const outputs = layerIds.map((id) => step.output(id).data as unknown as LayerOutput);
  const layers: LayerData[] = [...(base?.image.layers ?? []), ...outputs.map((output) => output.layer)];
  const config = makeImageConfig({
    base: base === undefined ? undefined : readImageConfig(store, base.image),
    args,
    layers: outputs.map((output) => output.layer.diffId),
    created: args.created === "now" ? new Date(now()).toISOString() : args.created,
  });
  const bytes = encodeDocument(config);
  const digest = store.blobs.put(bytes);
  const platform = {
    os: args.os,
    architecture: args.architecture,
    ...(args.variant === null ? {} : { variant: args.variant }),
  };
  const image: ImageData = { config: digest, configSize: bytes.length, platform, layers };
  const blobs = [digest, ...new Set([...(base?.blobs ?? []), ...outputs.flatMap((output) => output.blobs)])];
  const data: ImageOutput = { image, blobs };
  return { digest, data: data as unknown as JsonValue };
}
