import { createHash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";
import { type Descriptor, hexOf } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { Codec } from "@imgbuild/tar";
import type { LayerData } from "./layer-data.ts";
import { knownForm, layerStream } from "./layer-form.ts";

/** The descriptor of a layer compressed by `codec`. One that is not known yet is made, block by block, and not kept whole. */
export async function layerDescriptor(store: Store, layer: LayerData, codec: Codec): Promise<Descriptor> {
  const known = knownForm(store, layer, codec);
  if (known !== undefined) return known;
  for await (const _ of layerStream(store, layer, codec));
  const made = knownForm(store, layer, codec);
  if (made !== undefined) return made;
  throw new ImgbuildError("internal", `Internal error: layer ${layer.diffId} has no form after it was made`);
}

/** How a layer is compressed, and what that was promised to give. */
export interface LayerForm {
  readonly codec: Codec;
  readonly descriptor: Descriptor;
}

/** The bytes that a descriptor of {@link layerDescriptor} stands for. Throws `integrity` at the end when they are others. */
export async function* layerFormBytes(
  store: Store,
  layer: LayerData,
  { codec, descriptor }: LayerForm,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (store.blobs.size(descriptor.digest) === descriptor.size) {
    yield* store.blobs.stream(descriptor.digest);
    return;
  }
  const hash = createHash("sha256");
  for await (const bytes of layerStream(store, layer, codec)) {
    hash.update(bytes);
    if (bytes.length > 0) yield bytes;
  }
  if (hash.digest("hex") === hexOf(descriptor.digest)) return;
  throw new ImgbuildError(
    "integrity",
    `Cannot write layer ${layer.diffId}: compressed again, it does not have the digest ${descriptor.digest}`,
    { hint: "Run `imgbuild cache verify --repair`, then build again" },
  );
}
