import { createHash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { readTar } from "@imgbuild/tar";
import { BaseView } from "./base-view.ts";
import { decodeIndex, encodeIndex } from "./index-blob.ts";
import { IndexBuilder } from "./index-builder.ts";
import type { LayerData } from "./layer-data.ts";
import type { LayerEntry } from "./layer-entry.ts";
import { layerTar } from "./layer-form.ts";
import type { LayerIndex } from "./layer-index.ts";

const SPACE = "layer-index 4";
/** Views and indexes of so many layers stay in memory. */
const KEPT = 300;

/**
 * What layers hold, by diffID: listed once, kept in the store as a blob with a fact that names it, and shared by all that
 * build on the layer.
 */
export class LayerIndexes {
  readonly #store: Store;
  readonly #known = new Map<string, LayerIndex>();
  readonly #views = new Map<string, BaseView>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The index of a layer when it was made before. */
  find(diffId: string): LayerIndex | undefined {
    const known = this.#known.get(diffId);
    if (known !== undefined) return known;
    const blob = this.blob(diffId);
    if (blob === undefined) return undefined;
    return this.#keep(diffId, decodeIndex(this.#store.blobs.read(blob)));
  }

  /** The blob of an index, if it is stored. */
  blob(diffId: string): Digest | undefined {
    const digest = this.#store.facts.get(SPACE, diffId) as Digest | undefined;
    return digest !== undefined && this.#store.blobs.size(digest) !== undefined ? digest : undefined;
  }

  /** The index of a layer, made by reading its tar if need be. Throws what {@link layerTar} and the reader throw. */
  async read(layer: LayerData): Promise<LayerIndex> {
    const known = this.find(layer.diffId);
    if (known !== undefined) return known;
    const builder = new IndexBuilder();
    for await (const { header, content } of readTar(layerTar(this.#store, layer), { nonUtf8: "replace" })) {
      if (header.type !== "file") {
        builder.add(header, "");
        continue;
      }
      const hash = createHash("sha256");
      for await (const piece of content) hash.update(piece);
      builder.add(header, hash.digest("hex"));
    }
    return this.#remember(layer.diffId, builder.finish());
  }

  /** The index of a layer that is packed from these entries: the same as reading it would give, without reading a file. */
  fromEntries(diffId: string, entries: readonly LayerEntry[]): LayerIndex {
    const builder = new IndexBuilder();
    for (const { header, content } of entries) {
      builder.add(
        header.path === "." ? { ...header, path: "" } : header,
        header.type === "file" ? (content?.sha256 ?? EMPTY) : "",
      );
    }
    return this.#remember(diffId, builder.finish());
  }

  /** The layers (bottom first) as a container sees them; undefined for none. Throws `not-found` when one was never listed. */
  view(diffIds: readonly string[]): BaseView | undefined {
    let [view, key]: [BaseView | undefined, string] = [undefined, ""];
    for (const diffId of diffIds) {
      key = createHash("sha256").update(`${key} ${diffId}`).digest("hex");
      view = this.#views.get(key) ?? new BaseView(view, this.#needed(diffId));
      this.#views.set(key, view);
      bound(this.#views);
    }
    return view;
  }

  #needed(diffId: string): LayerIndex {
    const found = this.find(diffId);
    if (found !== undefined) return found;
    throw new ImgbuildError("not-found", `Cannot tell what the layer ${diffId} holds: its list is not in the store`, {
      hint: "Build the image again with --force",
    });
  }

  #remember(diffId: string, index: LayerIndex): LayerIndex {
    this.#store.facts.set(SPACE, diffId, this.#store.blobs.put(encodeIndex(index)));
    return this.#keep(diffId, index);
  }

  #keep(diffId: string, index: LayerIndex): LayerIndex {
    this.#known.set(diffId, index);
    bound(this.#known);
    return index;
  }
}

const EMPTY = createHash("sha256").digest("hex");

function bound(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > KEPT && oldest !== undefined) map.delete(oldest);
}
