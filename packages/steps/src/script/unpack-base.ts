import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type LayerData, layerTar } from "@imgbuild/image";
import { hexOf } from "@imgbuild/oci";
import { mapName, removeTree, type Sandbox, unpackLayer } from "@imgbuild/sandbox";
import type { Store } from "@imgbuild/store";
import type { ScriptPlace } from "./script-place.ts";
import { sealDirectories } from "./seal-directory.ts";

/** What unpacking needs. */
export interface UnpackContext {
  readonly store: Store;
  readonly sandbox: Sandbox;
  readonly place: ScriptPlace;
  readonly signal: AbortSignal;
  /** Told what takes a while, in a line. */
  readonly say?: ((line: string) => void) | undefined;
}

/** A directory that holds one thing in unpacked form. */
export interface Unpacked {
  /** Of the directory. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Fills a directory that is not there yet. */
  readonly unpack: (directory: string) => Promise<void>;
}

function formatMega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The directories of layers as overlayfs wants them, in their order. The same layer twice shows nothing more than once, on top. */
export function unpackBase(layers: readonly LayerData[], context: UnpackContext): Promise<string[]> {
  const { store, sandbox, signal } = context;
  const byName = new Map<string, Unpacked>();
  for (const layer of layers) {
    const name = hexOf(layer.diffId);
    byName.delete(name);
    const unpack = (directory: string) =>
      unpackLayer(sandbox.abilities, { tar: () => layerTar(store, layer), directory, signal });
    byName.set(name, { name, title: `layer ${name.slice(0, 12)}, ${formatMega(layer.size)}`, unpack });
  }
  return unpackOnce([...byName.values()], context);
}

/**
 * Directories that are unpacked once, whoever uses them: one process does it while others wait, and nobody changes what is
 * there. What was changed nevertheless, or copied from elsewhere, is unpacked again. Absolute paths, in order.
 */
export async function unpackOnce(all: readonly Unpacked[], context: UnpackContext): Promise<string[]> {
  const { sandbox, place } = context;
  const parent = place.unpacked(mapName(sandbox.abilities.host, sandbox.abilities.uidMap));
  const sound = await soundOnes(
    parent,
    all.map(({ name }) => name),
    context,
  );
  for (const each of all) if (!sound.has(each.name)) await unpackLocked(parent, each, context);
  return all.map(({ name }) => `${parent}/${name}`);
}

/** Names of directories that are as they were left. Asks once a process about each. */
async function soundOnes(parent: string, names: readonly string[], context: UnpackContext): Promise<Set<string>> {
  const { sandbox, place, signal } = context;
  const there = names.filter((name) => existsSync(`${parent}/${name}`));
  const asked = there.filter((name) => !place.sound.has(`${parent}/${name}`));
  const seals = await sealDirectories(sandbox, { parent, names: asked, signal });
  asked.forEach((name, i) => {
    const path = `${parent}/${name}`;
    if (seals !== undefined && seals[i] !== readSeal(path)) return;
    markUsed(path);
    place.sound.add(path);
  });
  return new Set(there.filter((name) => place.sound.has(`${parent}/${name}`)));
}

async function unpackLocked(parent: string, { name, title, unpack }: Unpacked, context: UnpackContext): Promise<void> {
  const { store, sandbox, place, signal, say } = context;
  const { abilities } = sandbox;
  const path = `${parent}/${name}`;
  await store.locks.withLock(
    `unpacked ${path}`,
    { signal, onWait: (holder) => say?.(`waiting for ${holder}, which unpacks ${title}`) },
    async () => {
      if ((await soundOnes(parent, [name], context)).size > 0) return;
      const [partial, damaged] = [`${path}.part`, `${path}.old`];
      for (const left of [partial, damaged]) await removeTree(abilities, left);
      try {
        if (existsSync(path)) renameSync(path, damaged);
        say?.(`unpacking ${title}`);
        await unpack(partial);
        const seals = await sealDirectories(sandbox, { parent, names: [`${name}.part`], signal });
        writeFileSync(sealFile(path), seals?.[0] ?? "", { mode: 0o600 });
        renameSync(partial, path);
        markUsed(path);
        place.sound.add(path);
      } finally {
        for (const left of [partial, damaged]) await removeTree(abilities, left);
      }
    },
  );
}

function sealFile(path: string): string {
  return `${path}.seal`;
}

function readSeal(path: string): string | undefined {
  try {
    return readFileSync(sealFile(path), "utf8");
  } catch {
    return undefined;
  }
}

/** The time of this file says when the directory was used last. */
function markUsed(path: string): void {
  try {
    writeFileSync(`${path}.used`, ".", { mode: 0o600 });
  } catch {
    // It counts as unused: the worst is that it is unpacked again.
  }
}
