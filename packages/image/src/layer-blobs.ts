import type { Store } from "@imgbuild/store";
import { readBlockList } from "./block-list.ts";
import type { LayerData } from "./layer-data.ts";
import { packedCodec } from "./packed-codec.ts";

/** Digests of the blobs that a layer cannot do without. Throws what reading its block list throws. */
export function layerBlobs(store: Store, layer: LayerData): string[] {
  if (layer.kind === "blob") return [layer.digest];
  const list = readBlockList(store.blobs, layer.blocks);
  const ids = list.blocks.map((block) => block.id);
  const codec = packedCodec(list);
  const segments = codec === undefined ? [] : store.segments.findAll(ids, codec.id);
  return [layer.blocks, ...new Set(segments.flatMap((segment) => (segment === undefined ? [] : [segment.blob])))];
}
