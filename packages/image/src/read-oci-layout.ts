import { ImgbuildError } from "@imgbuild/errors";
import {
  type Descriptor,
  digestOf,
  formatPlatform,
  isIndexType,
  layerCompressionOf,
  MediaType,
  type Platform,
  platformMatches,
} from "@imgbuild/oci";
import { type Candidate, matchingImages, namesFrom, severalImages } from "./choose-image.ts";
import type { FoundImage } from "./found-image.ts";
import type { ImageName } from "./image-names.ts";
import { blobPath } from "./layout-content.ts";
import { invalidArchive, type Members } from "./members.ts";
import { type ParsedManifest, parseImageConfig, parseManifest, platformOf } from "./parse-documents.ts";
import { checkPlatform, type FindOptions } from "./read-docker-archive.ts";

/** The entry point of a layout. */
export const LAYOUT_INDEX = "index.json";

const MAX_DEPTH = 8;
const DEFAULT_PLATFORM: Platform = { os: "linux", architecture: "amd64" };

/** A manifest that a layout's index leads to, with the platform that it is for. */
interface Leaf {
  readonly descriptor: Descriptor;
  readonly manifest: ParsedManifest;
  readonly platform: Platform;
}

/**
 * Finds an image of an OCI layout (OCI image-layout.md), through nested indexes, by name and then by platform. Of several
 * platforms the wanted one is taken, linux/amd64 when none is wanted; a layout with one image gives that one.
 */
export function findInLayout(members: Members, { pick, platform }: FindOptions): FoundImage {
  const place = { label: members.label, what: `its "${LAYOUT_INDEX}"` };
  const index = parseManifest(members.document(LAYOUT_INDEX), place);
  const chosen = matchingImages((index.manifests ?? []).filter(isNoAttestation).map(candidateOf), pick, members.label);
  if (new Set(chosen.map(({ names }) => JSON.stringify(names))).size > 1) {
    throw severalImages(chosen, pick, members.label);
  }
  const leaves = chosen.flatMap(({ value }) => leavesOf(members, value, 0));
  const leaf = pickPlatform(leaves, members.label, platform);
  const image = imageOf(members, leaf);
  checkPlatform(image, members.label, platform);
  return image;
}

function candidateOf(descriptor: Descriptor): Candidate<Descriptor> {
  const named = descriptor.annotations ?? {};
  const full = named["io.containerd.image.name"];
  const short = named["org.opencontainers.image.ref.name"];
  const names = full === undefined ? shortNames(short) : namesFrom([full]);
  return { names, identity: descriptor.digest, value: descriptor };
}

/** Without "/" and ":" it is a tag, as Docker and BuildKit write it, or a name, as people write it with skopeo. */
function shortNames(short: string | undefined): ImageName[] {
  const names = namesFrom([short]);
  if (short === undefined || /[/:]/.test(short)) return names;
  return [...names, { name: undefined, tag: short }];
}

/** Provenance that BuildKit puts beside images. */
function isNoAttestation({ annotations, platform }: Descriptor): boolean {
  return annotations?.["vnd.docker.reference.type"] === undefined && platform?.os !== "unknown";
}

function leavesOf(members: Members, descriptor: Descriptor, depth: number): Leaf[] {
  if (depth > MAX_DEPTH) throw invalidArchive(members.label, "its indexes are nested too deep");
  const what = `its manifest ${descriptor.digest}`;
  // An index may name manifests of other platforms that were not copied.
  if (depth > 0 && !members.has(blobPath(descriptor.digest)) && descriptor.platform !== undefined) {
    return [{ descriptor, manifest: MISSING, platform: descriptor.platform }];
  }
  const manifest = parseManifest(readBlob(members, descriptor, what), { label: members.label, what });
  if (isIndexType(descriptor.mediaType) !== (manifest.manifests !== undefined) && descriptor.mediaType !== "") {
    throw invalidArchive(members.label, `${what} is not of the type "${descriptor.mediaType}" that is promised`);
  }
  if (manifest.manifests !== undefined) {
    return manifest.manifests.filter(isNoAttestation).flatMap((child) => leavesOf(members, child, depth + 1));
  }
  const platform = isPlatform(descriptor.platform) ? descriptor.platform : platformFromConfig(members, manifest);
  return [{ descriptor, manifest, platform }];
}

const MISSING: ParsedManifest = { manifests: undefined, config: undefined, layers: undefined };

function isPlatform(platform: Platform | undefined): platform is Platform {
  return typeof platform?.os === "string" && typeof platform.architecture === "string";
}

function platformFromConfig(members: Members, manifest: ParsedManifest): Platform {
  const { bytes, what } = readConfig(members, manifest);
  return platformOf(parseImageConfig(bytes, { label: members.label, what }));
}

function pickPlatform(leaves: readonly Leaf[], label: string, wanted: Platform | undefined): Leaf {
  const unique = [...new Map(leaves.map((leaf) => [leaf.descriptor.digest, leaf])).values()];
  const [only] = unique;
  if (only === undefined) throw invalidArchive(label, "its index names no image");
  if (unique.length === 1 && wanted === undefined) return only;
  const target = wanted ?? DEFAULT_PLATFORM;
  const fitting = unique.filter(({ platform }) => platformMatches(platform, target));
  const exact = fitting.filter(({ platform }) => platform.variant === target.variant);
  const [best, ...others] = exact.length > 0 ? exact : fitting;
  if (best !== undefined && others.length === 0) return best;
  const listed = unique.map(({ platform }) => formatPlatform(platform)).join(", ");
  const problem = best === undefined ? "Cannot find an image" : "Cannot choose one of the images";
  throw new ImgbuildError(
    best === undefined ? "not-found" : "invalid-archive",
    `${problem} for ${formatPlatform(target)} in ${label}: it has ${listed}`,
    { hint: "Ask for a platform that names one of these" },
  );
}

function imageOf(members: Members, { manifest, descriptor }: Leaf): FoundImage {
  if (manifest === MISSING) {
    throw invalidArchive(members.label, `its manifest ${descriptor.digest} is not in it`, "Copy the image again");
  }
  const { bytes, what } = readConfig(members, manifest);
  const layers = (manifest.layers ?? []).map((layer) => {
    const path = blobPath(layer.digest);
    if (!members.has(path) && layerCompressionOf(layer.mediaType) === undefined) {
      throw invalidArchive(members.label, `its layer ${layer.digest} of type "${layer.mediaType}" is not in it`);
    }
    return { path, digest: layer.digest, size: layer.size };
  });
  return { config: bytes, configName: what, layers };
}

function readConfig(members: Members, manifest: ParsedManifest): { bytes: Buffer; what: string } {
  const { config } = manifest;
  const known: readonly string[] = [MediaType.ociConfig, MediaType.dockerConfig, ""];
  if (config === undefined) throw invalidArchive(members.label, "a manifest has no config");
  if (!known.includes(config.mediaType)) {
    throw invalidArchive(members.label, `it holds a "${config.mediaType}", which is no image`);
  }
  const what = `its config ${config.digest}`;
  return { bytes: readBlob(members, config, what), what };
}

/** A document, checked against its descriptor. */
function readBlob(members: Members, { digest, size }: Descriptor, what: string): Buffer {
  const bytes = members.document(blobPath(digest));
  if (bytes.length !== size || digestOf(bytes) !== digest) {
    throw new ImgbuildError(
      "integrity",
      `Cannot use ${what.replace("its ", "")} of ${members.label}: its bytes do not have the promised digest and size`,
    );
  }
  return bytes;
}
