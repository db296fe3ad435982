import type { DiffId } from "@imgbuild/oci";
import type { Deliverable } from "../sink.ts";
import type { DockerClient } from "./docker-client.ts";
import { imagesOfRepository, inspectImage } from "./docker-images.ts";
import { repositoryOf } from "./docker-name.ts";

/** Asking has a price too: a host may have thousands of images. */
const MAX_INSPECTED = 64;
const AT_ONCE = 8;
/** Fewer bytes than this are sent sooner than a daemon says which images it has. */
const WORTH_ASKING = 4 << 20;

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
  const wanted = images.map(({ data }) => data.layers.map(({ diffId }) => diffId));
  const asked = hints.slice(0, MAX_INSPECTED / 2);
  const known = await layersOf(asked, client, signal);
  const hinted = skippable(wanted, known);
  if (known.length > 0 && bytesWithout(hinted, images) < WORTH_ASKING) return hinted;
  const others = (await repositoryImages(client, images, signal)).filter((id) => !asked.includes(id));
  known.push(...(await layersOf(others.slice(0, MAX_INSPECTED - asked.length), client, signal)));
  return skippable(wanted, known);
}

/** The layers of those images that the daemon has. */
async function layersOf(ids: readonly string[], client: DockerClient, signal: AbortSignal): Promise<string[][]> {
  const known: string[][] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const found = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => inspectImage(client, id, signal)));
    for (const image of found) if (image !== undefined) known.push([...image.layers]);
  }
  return known;
}

function bytesWithout(skipped: ReadonlySet<DiffId>, images: readonly Deliverable[]): number {
  const sizes = new Map(images.flatMap(({ data }) => data.layers.map(({ diffId, size }) => [diffId, size])));
  let bytes = 0;
  for (const [diffId, size] of sizes) if (!skipped.has(diffId)) bytes += size;
  return bytes;
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

async function repositoryImages(
  client: DockerClient,
  images: readonly Deliverable[],
  signal: AbortSignal,
): Promise<string[]> {
  const repositories = new Set(images.flatMap(({ references }) => references.map(repositoryOf)));
  const found = await Promise.all([...repositories].map((name) => imagesOfRepository(client, name, signal)));
  return [...new Set(found.flat())];
}
