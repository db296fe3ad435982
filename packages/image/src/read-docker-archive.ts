import { basename } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";
import { digestOf, formatPlatform, hexOf, type Platform, platformMatches } from "@imgbuild/oci";
import { type Candidate, chooseImage, type ImagePick, namesFrom } from "./choose-image.ts";
import { configOf, type FoundImage } from "./found-image.ts";
import type { Members } from "./members.ts";
import { type DockerManifestEntry, parseDockerManifest, platformOf } from "./parse-documents.ts";

/** The list of images in a docker-archive. */
export const DOCKER_MANIFEST = "manifest.json";

/** What to find in an archive. */
export interface FindOptions {
  readonly pick: ImagePick;
  /** Undefined takes whatever there is. */
  readonly platform: Platform | undefined;
}

/** Finds an image of a docker-archive (moby image spec v1.2, "Combined Image JSON + Filesystem Changeset Format"). */
export function findInDockerArchive(members: Members, { pick, platform }: FindOptions): FoundImage {
  const place = { label: members.label, what: `its "${DOCKER_MANIFEST}"` };
  const entries = parseDockerManifest(members.document(DOCKER_MANIFEST), place);
  const entry = chooseImage(entries.map(candidateOf), pick, members.label);
  const image: FoundImage = {
    config: readConfig(members, entry.config),
    configName: `its "${entry.config}"`,
    layers: entry.layers.map((path) => ({ path: cleanPath(path) })),
  };
  checkPlatform(image, members.label, platform);
  return image;
}

function candidateOf(entry: DockerManifestEntry): Candidate<DockerManifestEntry> {
  return { names: namesFrom(entry.repoTags), identity: entry.config, value: entry };
}

/** A config that is named by its digest must have it. */
function readConfig(members: Members, path: string): Buffer {
  const config = members.document(cleanPath(path));
  const named = /^(?:sha256:)?([0-9a-f]{64})(?:\.json)?$/.exec(basename(path))?.[1];
  const found = hexOf(digestOf(config));
  if (named === undefined || named === found) return config;
  throw new ImgbuildError(
    "integrity",
    `Cannot use the config "${path}" of ${members.label}: its digest is sha256:${found}, its name says another`,
  );
}

/** Throws `not-found` when an image is not for the wanted platform. */
export function checkPlatform(image: FoundImage, label: string, wanted: Platform | undefined): void {
  if (wanted === undefined) return;
  const have = platformOf(configOf(image, label));
  if (platformMatches(have, wanted)) return;
  throw new ImgbuildError(
    "not-found",
    `Cannot find an image for ${formatPlatform(wanted)} in ${label}: it has ${formatPlatform(have)}`,
    {
      hint: `Write architecture: "${[have.architecture, have.variant].filter(Boolean).join("/")}" for the image that is built on it`,
    },
  );
}

function cleanPath(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}
