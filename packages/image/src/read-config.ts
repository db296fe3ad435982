import type { ImageConfig } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { ImageData } from "./layer-data.ts";
import { parseImageConfig } from "./parse-documents.ts";

/** The config of an image of the store. Throws what `BlobStore.read` throws. */
export function readImageConfig(store: Store, image: ImageData): ImageConfig {
  return parseImageConfig(store.blobs.read(image.config), { label: "the store", what: `config ${image.config}` });
}
