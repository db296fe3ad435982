import { ImgbuildError } from "@imgbuild/errors";
import { type DerivationId, hashParts, type JsonValue, type Output, type Step, type StepRunner } from "@imgbuild/graph";
import type { LayerData } from "@imgbuild/image";
import type { ImageOutput } from "../image/image-output.ts";

/** What the output of a `base-layers` step holds as its data. */
interface BaseLayersOutput {
  /** Bottom first. */
  readonly layers: readonly LayerData[];
  readonly blobs: readonly string[];
}

/**
 * The layers of an image without its config: what is built on an image depends on its files, and a new Env in the base
 * packs nothing again.
 */
export function baseLayersRunner(): StepRunner {
  return {
    kind: "base-layers",
    mode: "cached",
    version: 1,
    title: () => "layers of the base",
    run: async (step) => runBaseLayers(step),
    blobs: (output) => (output.data as unknown as BaseLayersOutput).blobs,
  };
}

function runBaseLayers(step: Step): Output {
  const [input] = step.derivation.inputs;
  if (input === undefined) throw new ImgbuildError("internal", "Internal error: layers of no image");
  const { image, blobs } = step.output(input).data as unknown as ImageOutput;
  const data: BaseLayersOutput = { layers: image.layers, blobs: blobs.filter((blob) => blob !== image.config) };
  const digest = hashParts(
    "imgbuild.layers",
    image.layers.map((layer) => layer.diffId),
  );
  return { digest, data: data as unknown as JsonValue };
}

/** The layers that a `base-layers` derivation gave. */
export function baseLayersOf(
  id: DerivationId,
  context: { readonly outputOf: (id: DerivationId) => Output | undefined },
): readonly LayerData[] {
  const output = context.outputOf(id);
  if (output !== undefined) return (output.data as unknown as BaseLayersOutput).layers;
  throw new ImgbuildError("internal", "Internal error: the layers of a base are not known");
}
