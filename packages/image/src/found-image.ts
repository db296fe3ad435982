import { type DiffId, type Digest, digestOf, type ImageConfig } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { ImageData, LayerData } from "./layer-data.ts";
import { invalidArchive, type Members } from "./members.ts";
import { parseImageConfig, platformOf } from "./parse-documents.ts";
import { type ExpectedLayer, storeBaseLayer } from "./store-base-layer.ts";

/** A layer of an image in an archive: the file that has it, and what is promised of it beside the diffID. */
interface FoundLayer {
  readonly path: string;
  readonly digest?: Digest | undefined;
  readonly size?: number | undefined;
}

/** An image in an archive, found but not yet stored. */
export interface FoundImage {
  readonly config: Buffer;
  /** Where the config is, for messages: `its "x.json"`. */
  readonly configName: string;
  readonly layers: readonly FoundLayer[];
}

/** The config of a found image, parsed and checked against the number of layers. */
export function configOf(image: FoundImage, label: string): ImageConfig {
  const config = parseImageConfig(image.config, { label, what: image.configName });
  const wanted = config.rootfs.diff_ids.length;
  if (wanted === image.layers.length) return config;
  const counts = `${image.layers.length} layers, but ${image.configName} has ${wanted} diffIDs`;
  throw invalidArchive(label, `the image has ${counts}`);
}

/** Stores an image: each layer once, however often it is used; config last, when all layers are right. */
export async function storeImage(store: Store, members: Members, image: FoundImage): Promise<ImageData> {
  const config = configOf(image, members.label);
  const stored = await storeLayers(store, members, { image, diffIds: config.rootfs.diff_ids });
  return {
    config: store.blobs.put(image.config),
    configSize: image.config.length,
    platform: platformOf(config),
    layers: stored,
  };
}

async function storeLayers(
  store: Store,
  members: Members,
  { image, diffIds }: { readonly image: FoundImage; readonly diffIds: readonly DiffId[] },
): Promise<LayerData[]> {
  const expected = image.layers.map((layer, index): ExpectedLayer => {
    const diffId = diffIds[index] ?? (digestOf("") as DiffId);
    return { ...layer, diffId, label: members.label, path: members.resolve(layer.path) };
  });
  const byPath = new Map<string, ExpectedLayer>();
  for (const layer of expected) {
    const other = byPath.get(layer.path);
    if (other !== undefined && other.diffId !== layer.diffId) {
      throw invalidArchive(members.label, `"${layer.path}" is used for two layers with different diffIDs`);
    }
    byPath.set(layer.path, layer);
  }
  const stored = new Map<string, LayerData>();
  await members.visit(new Set(byPath.keys()), async (path, content) => {
    const layer = byPath.get(path);
    if (layer !== undefined) stored.set(path, await storeBaseLayer(store, content, layer));
  });
  return expected.map(({ path }) => {
    const layer = stored.get(path);
    if (layer === undefined) throw invalidArchive(members.label, `"${path}" went away while it was read`);
    return layer;
  });
}
