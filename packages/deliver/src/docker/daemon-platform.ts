import { ImgbuildError } from "@imgbuild/errors";
import { formatPlatform, type Platform, platformMatches } from "@imgbuild/oci";
import type { Deliverable } from "../sink.ts";
import type { DockerClient } from "./docker-client.ts";
import { refusal } from "./docker-errors.ts";

/**
 * The same images; in place of an index the one of its images that the daemon runs: its store has no place for the others.
 * Throws `unsupported` when the index has none. A daemon is asked only where there is an index.
 */
export async function imagesForDaemon(
  client: DockerClient,
  images: readonly Deliverable[],
  signal: AbortSignal,
): Promise<readonly Deliverable[]> {
  if (images.every(({ platforms }) => platforms === undefined)) return images;
  const platform = await daemonPlatform(client, signal);
  return images.map((image) => (image.platforms === undefined ? image : imageFor(platform, image)));
}

async function daemonPlatform(client: DockerClient, signal: AbortSignal): Promise<Platform> {
  const answer = await client.send({ method: "GET", path: "/version", signal });
  if (answer.status !== 200) throw refusal("Cannot ask Docker for its platform", answer);
  const { Os, Arch } = JSON.parse(answer.text) as { readonly Os?: unknown; readonly Arch?: unknown };
  return { os: String(Os), architecture: String(Arch) };
}

function imageFor(platform: Platform, { references, platforms = [] }: Deliverable): Deliverable {
  const data = platforms.find((each) => platformMatches(each.platform, platform));
  if (data !== undefined) return { data, references };
  const name = references[0] ?? "the index";
  const has = platforms.map((each) => formatPlatform(each.platform)).join(", ");
  throw new ImgbuildError(
    "unsupported",
    `Cannot load "${name}" into Docker: the daemon runs ${formatPlatform(platform)}, and the index has ${has}`,
    {
      hint: "Load one of its images by a label of its own, or write the index with build -o FILE --format oci-archive",
    },
  );
}
