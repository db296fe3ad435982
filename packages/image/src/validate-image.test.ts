import { type DiffId, digestOf } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { testStore, tinyImage } from "@imgbuild/testkit";
import { encodeDocument } from "./encode-document.ts";
import type { ImageData } from "./layer-data.ts";
import { validateImage } from "./validate-image.ts";

const rig = testStore();
let store: Store;
let image: ImageData;
beforeAll(async () => {
  store = await rig.open();
  image = await tinyImage(store, { layers: [{ a: "1" }, { b: "2" }] });
});
afterAll(() => rig.remove());

const other = digestOf("other") as DiffId;

/** The image with another config, whose digest and size are right. */
function withConfig(change: object): ImageData {
  const config = JSON.parse(`${store.blobs.read(image.config)}`) as object;
  const bytes = encodeDocument({ ...config, ...change });
  return { ...image, config: store.blobs.put(bytes), configSize: bytes.length };
}

function withLayer(change: object): ImageData {
  const [first, second] = image.layers;
  if (first === undefined || second === undefined) throw new Error("the image has two layers");
  return { ...image, layers: [first, { ...second, ...change }] };
}

describe("checking an image", () => {
  test("finds nothing wrong with one that was built", async () => {
    await expect(validateImage(store, image)).resolves.toBeUndefined();
  });

  test.each<[string, () => ImageData]>([
    ["the size of the config", () => ({ ...image, configSize: 1 })],
    ["a layer that the config does not list", () => ({ ...image, layers: image.layers.slice(0, 1) })],
    ["the order of layers", () => ({ ...image, layers: [...image.layers].reverse() })],
    ["the platform", () => ({ ...image, platform: { os: "linux", architecture: "arm64" } })],
    ["the history", () => withConfig({ history: [{}] })],
    ["the size of a layer", () => withLayer({ size: 7 })],
    [
      "a diffID",
      () => ({
        ...withConfig({ rootfs: { type: "layers", diff_ids: [image.layers[0]?.diffId, other] } }),
        layers: withLayer({ diffId: other }).layers,
      }),
    ],
  ])("finds %s to be wrong", async (_what, make) => {
    await expect(validateImage(store, make())).rejects.toMatchObject({ code: "integrity" });
  });

  test("finds a config that is not there", async () => {
    await expect(validateImage(store, { ...image, config: other })).rejects.toMatchObject({ code: "not-found" });
  });
});
