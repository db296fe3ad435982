import { existsSync, renameSync } from "node:fs";
import { type LayerData, layerTar } from "@imgbuild/image";
import { hexOf } from "@imgbuild/oci";
import { mapName, removeTree, type Sandbox, unpackLayer } from "@imgbuild/sandbox";
import type { Store } from "@imgbuild/store";
import type { ScriptPlace } from "./script-place.ts";

/** What unpacking needs. */
export interface UnpackContext {
  readonly store: Store;
  readonly sandbox: Sandbox;
  readonly place: ScriptPlace;
  readonly signal: AbortSignal;
}

/**
 * The directories of layers as overlayfs wants them, in their order. Each layer is unpacked once, whoever builds on it: one
 * process does it while others wait, and what is there is never changed.
 */
export async function unpackBase(layers: readonly LayerData[], context: UnpackContext): Promise<string[]> {
  const { store, sandbox, place, signal } = context;
  const { abilities } = sandbox;
  const parent = place.unpacked(mapName(abilities.host, abilities.uidMap));
  const directories: string[] = [];
  for (const layer of layers) {
    const hex = hexOf(layer.diffId);
    const directory = `${parent}/${hex}`;
    // The same layer twice shows nothing more than once, on top.
    const before = directories.indexOf(directory);
    if (before >= 0) directories.splice(before, 1);
    directories.push(directory);
    if (existsSync(directory)) continue;
    await store.locks.withLock(`unpacked ${parent}/${hex}`, { signal, onWait: () => undefined }, async () => {
      if (existsSync(directory)) return;
      const partial = `${directory}.part`;
      await removeTree(abilities, partial);
      try {
        await unpackLayer(abilities, { tar: () => layerTar(store, layer), directory: partial, signal });
        renameSync(partial, directory);
      } finally {
        await removeTree(abilities, partial);
      }
    });
  }
  return directories;
}
