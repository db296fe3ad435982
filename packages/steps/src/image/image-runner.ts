import { ImgbuildError } from "@imgbuild/errors";
import { hashParts, type ImageArgs, type JsonValue, type Output, type Step, type StepRunner } from "@imgbuild/graph";
import {
  encodeDocument,
  type ImageData,
  imageParts,
  type LayerData,
  makeImageConfig,
  readImageConfig,
} from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { LayerOutput } from "../layer/layer-output.ts";
import type { LayerSetOutput } from "../layering/layer-set-output.ts";
import type { ImageOutput } from "./image-output.ts";

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
    version: 2,
    run: async (step) => runImage(step, options),
    blobs: (output) => (output.data as unknown as ImageOutput).blobs,
  };
}

function runImage(step: Step, { store, now }: ImageRunnerOptions): Output {
  const args = step.derivation.args as unknown as ImageArgs;
  const [first, ...others] = step.derivation.inputs;
  if (args.hasBase && first === undefined)
    throw new ImgbuildError("internal", "Internal error: an image without its base");
  const base = args.hasBase && first !== undefined ? (step.output(first).data as unknown as ImageOutput) : undefined;
  const layerIds = args.hasBase ? others : step.derivation.inputs;
  const added = layerIds.map((id, i) => addedBy(step.output(id).data, args.history[i]));
  const layers: LayerData[] = [...(base?.image.layers ?? []), ...added.flatMap((each) => each.layers)];
  const config = makeImageConfig({
    base: base === undefined ? undefined : readImageConfig(store, base.image),
    args: { ...args, history: added.flatMap((each) => each.history) },
    layers: added.flatMap((each) => each.layers.map((layer) => layer.diffId)),
    created: args.created === "now" ? new Date(now()).toISOString() : args.created,
  });
  const bytes = encodeDocument(config);
  const digest = store.blobs.put(bytes);
  const { os, architecture, variant } = config;
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  const image: ImageData = { config: digest, configSize: bytes.length, platform, layers };
  const blobs = [digest, ...new Set([...(base?.blobs ?? []), ...added.flatMap((each) => each.blobs)])];
  const data: ImageOutput = { image, blobs };
  return { digest: hashParts("imgbuild.image", imageParts(image)), data: data as unknown as JsonValue };
}

/** What one input adds: a layer (`layer`, `scriptLayer`) with the line that the image has for it, or several with their own. */
function addedBy(data: JsonValue, line: string | undefined): Pick<LayerSetOutput, "layers" | "history" | "blobs"> {
  const output = data as unknown as LayerOutput | LayerSetOutput;
  if ("layers" in output) return output;
  return { layers: [output.layer], history: [line ?? ""], blobs: output.blobs };
}
