import { createHash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";
import { digestFromSha256, formatPlatform } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { ImageData, LayerData } from "./layer-data.ts";
import { layerTar } from "./layer-form.ts";
import { parseImageConfig, platformOf } from "./parse-documents.ts";

/**
 * Recomputes everything that an image claims: digest and size of its config, diffID and size of every layer, digest and size
 * of compressed ones, that config and layers agree in number and order, that history fits, and the platform. Reads all bytes.
 * Throws `integrity` with the first claim that is false, and what the store throws.
 */
export async function validateImage(store: Store, image: ImageData): Promise<void> {
  const bytes = store.blobs.read(image.config);
  expectEqual("the size of its config", bytes.length, image.configSize);
  const config = parseImageConfig(bytes, { label: "the store", what: `config ${image.config}` });
  const diffIds = image.layers.map(({ diffId }) => diffId);
  expectEqual("the list of layers", diffIds.join(" "), config.rootfs.diff_ids.join(" "));
  expectEqual("the platform", formatPlatform(image.platform), formatPlatform(platformOf(config)));
  const history = config.history ?? [];
  const lines = history.filter((entry) => entry.empty_layer !== true).length;
  if (history.length > 0) expectEqual("the number of history entries with a layer", lines, diffIds.length);
  const checked = new Set<string>();
  for (const layer of image.layers) {
    const key = claimsOf(layer);
    if (!checked.has(key)) await validateLayer(store, layer);
    checked.add(key);
  }
}

/** A layer listed twice is read once, unless it claims something else the second time. */
function claimsOf(layer: LayerData): string {
  const form = layer.kind === "blob" ? `${layer.digest} ${layer.blobSize}` : layer.blocks;
  return `${layer.diffId} ${layer.size} ${form}`;
}

async function validateLayer(store: Store, layer: LayerData): Promise<void> {
  if (layer.kind === "blob") {
    let size = 0;
    for (const piece of store.blobs.stream(layer.digest)) size += piece.length;
    expectEqual(`the compressed size of layer ${layer.diffId}`, size, layer.blobSize);
  }
  const hash = createHash("sha256");
  let size = 0;
  for await (const piece of layerTar(store, layer)) {
    hash.update(piece);
    size += piece.length;
  }
  expectEqual(`the diffID of layer ${layer.diffId}`, digestFromSha256(hash.digest("hex")), layer.diffId);
  expectEqual(`the size of layer ${layer.diffId}`, size, layer.size);
}

function expectEqual(what: string, found: string | number, claimed: string | number): void {
  if (found === claimed) return;
  throw new ImgbuildError("integrity", `Cannot trust the image: ${what} is "${found}", it claims "${claimed}"`);
}
