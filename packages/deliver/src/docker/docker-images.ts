import type { DockerAnswer } from "./docker-answer.ts";
import type { DockerClient } from "./docker-client.ts";
import { refusal } from "./docker-errors.ts";

/** What the daemon says of an image of its own. */
export interface DockerImage {
  readonly id: string;
  /** `name:tag`, in the short form for Docker Hub. */
  readonly repoTags: readonly string[];
  /** diffIDs, bottom first. */
  readonly layers: readonly string[];
}

/** The image with this name or ID; undefined when the daemon has none. */
export async function inspectImage(
  client: DockerClient,
  image: string,
  signal: AbortSignal,
): Promise<DockerImage | undefined> {
  const answer = await client.send({ method: "GET", path: `/images/${encodeURI(image)}/json`, signal });
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw refusal(`Cannot ask Docker for the image "${image}"`, answer);
  const { Id, RepoTags, RootFS } = fieldsOf(answer);
  const layers = (RootFS as { readonly Layers?: unknown } | null | undefined)?.Layers;
  return { id: String(Id), repoTags: textsOf(RepoTags), layers: textsOf(layers) };
}

/** IDs of the images under a repository name, whatever their tags. */
export async function imagesOfRepository(
  client: DockerClient,
  repository: string,
  signal: AbortSignal,
): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ reference: [repository] }));
  const answer = await client.send({ method: "GET", path: `/images/json?filters=${filters}`, signal });
  if (answer.status !== 200) throw refusal(`Cannot ask Docker for the images of "${repository}"`, answer);
  const images: unknown = JSON.parse(answer.text);
  return Array.isArray(images) ? images.map((image: { readonly Id?: unknown }) => String(image.Id)) : [];
}

/** Gives an image that the daemon has one more name. */
export async function tagImage(
  client: DockerClient,
  id: string,
  { reference, signal }: { readonly reference: string; readonly signal: AbortSignal },
): Promise<void> {
  const colon = reference.lastIndexOf(":");
  const query = new URLSearchParams({ repo: reference.slice(0, colon), tag: reference.slice(colon + 1) });
  const answer = await client.send({ method: "POST", path: `/images/${id}/tag?${query}`, signal });
  if (answer.status !== 201) throw refusal(`Cannot name an image "${reference}" in Docker`, answer);
}

/** Sends an archive to be loaded. The answer may tell of a failure with any status: see `loadFailure`. */
export function loadArchive(
  client: DockerClient,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<DockerAnswer> {
  return client.send({ method: "POST", path: "/images/load?quiet=1", body, signal });
}

function fieldsOf(answer: DockerAnswer): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(answer.text);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
