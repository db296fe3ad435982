import type { DiffId } from "@imgbuild/oci";
import type { Deliverable } from "../sink.ts";
import type { DockerClient } from "./docker-client.ts";
import { imagesOfRepository, inspectImage } from "./docker-images.ts";
import { repositoryOf } from "./docker-name.ts";

/** Asking has a price too: a host may have thousands of images. */
const MAX_INSPECTED = 64;
const AT_ONCE = 8;

/** Where to look for layers that the daemon has. */
export interface LookOptions {
  /** IDs of images that it may have. */
  readonly hints: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Layers of `images` whose bodies the daemon does not need: those in the part from the bottom that each image shares with
 * one that the daemon has. It keeps layers by what is below them, so a layer that another image needs at another place is sent.
 */
export async function knownLayers(
  client: DockerClient,
  images: readonly Deliverable[],
  { hints, signal }: LookOptions,
): Promise<ReadonlySet<DiffId>> {
  const candidates = await candidatesFor(client, images, { hints, signal });
  const known: string[][] = [];
  for (let at = 0; at < candidates.length; at += AT_ONCE) {
    const batch = candidates.slice(at, at + AT_ONCE);
    const found = await Promise.all(batch.map((id) => inspectImage(client, id, signal)));
    known.push(...found.flatMap((image) => (image === undefined ? [] : [[...image.layers]])));
  }
  return skippable(
    images.map(({ data }) => data.layers.map(({ diffId }) => diffId)),
    known,
  );
}

/** Layers that every image of `wanted` has only within a prefix that it shares with one of `known`. */
export function skippable(
  wanted: readonly (readonly DiffId[])[],
  known: readonly (readonly string[])[],
): ReadonlySet<DiffId> {
  const needed = new Set<DiffId>();
  for (const layers of wanted) {
    const shared = Math.max(0, ...known.map((other) => sharedPrefix(layers, other)));
    for (const layer of layers.slice(shared)) needed.add(layer);
  }
  return new Set(wanted.flat().filter((layer) => !needed.has(layer)));
}

function sharedPrefix(one: readonly string[], other: readonly string[]): number {
  const end = one.findIndex((layer, index) => layer !== other[index]);
  return end < 0 ? one.length : end;
}

async function candidatesFor(
  client: DockerClient,
  images: readonly Deliverable[],
  { hints, signal }: LookOptions,
): Promise<string[]> {
  const repositories = new Set(images.flatMap(({ references }) => references.map(repositoryOf)));
  const found: string[] = [];
  for (const repository of repositories) found.push(...(await imagesOfRepository(client, repository, signal)));
  const half = MAX_INSPECTED / 2;
  const fewHints = hints.slice(0, Math.max(half, MAX_INSPECTED - found.length));
  return [...new Set([...fewHints, ...found])].slice(0, MAX_INSPECTED);
}
