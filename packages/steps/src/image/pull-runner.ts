import { atPosition, fromUnknown, ImgbuildError } from "@imgbuild/errors";
import type { Derivation, Output, PullImageArgs, PullImageOrigin, Step, StepRunner } from "@imgbuild/graph";
import { type ContentFiles, importFiles, type LayerContent, parseManifest } from "@imgbuild/image";
import {
  type Descriptor,
  type Digest,
  digestOf,
  formatPlatform,
  hexOf,
  MediaType,
  type Platform,
  parseDigest,
  parseReference,
  platformMatches,
} from "@imgbuild/oci";
import { type RegistryAccess, Repository } from "@imgbuild/registry";
import type { Store } from "@imgbuild/store";
import type { Downloads, WantedFile } from "../fetch/downloads.ts";
import { importedOutput, platformOf } from "./archive-runner.ts";
import type { ImageOutput } from "./image-output.ts";

/** What steps need to read registries. */
export interface RegistryOptions {
  /** Asked when the first image is not at hand. */
  readonly access: () => Promise<RegistryAccess>;
}

/** What the runner needs. */
export interface PullRunnerOptions {
  readonly store: Store;
  readonly downloads: Downloads;
  /** Without it images of registries cannot be had. */
  readonly registry: RegistryOptions | undefined;
}

/** Gets an image of a registry into the store, verified by its digests from the manifest down. */
export function pullRunner(options: PullRunnerOptions): StepRunner {
  return {
    kind: "pullImage",
    mode: "cached",
    version: 1,
    title: (derivation) => `pull of ${originOf(derivation).name}`,
    run: (step) => runPull(step, options),
    blobs: (output) => (output.data as unknown as ImageOutput).blobs,
  };
}

function originOf({ origin }: Derivation): PullImageOrigin {
  return JSON.parse(origin ?? '{"name":"","tlsVerify":true}') as PullImageOrigin;
}

async function runPull(step: Step, { store, downloads, registry }: PullRunnerOptions): Promise<Output> {
  const { derivation, signal } = step;
  const args = derivation.args as unknown as PullImageArgs;
  const { name, tlsVerify } = originOf(derivation);
  const digest = parseDigest(args.digest);
  const label = `"${name}@${digest}"`;
  try {
    if (registry === undefined)
      throw new ImgbuildError("internal", "Internal error: registries are not to be had here");
    const { host, repository } = parseReference(name);
    const from = new Repository(await registry.access(), { host, repository, tlsVerify });
    const platform = platformOf(args.platform);
    const found = await findManifest(from, { digest, platform, label, signal });
    const blobs = await fetchBlobs(found, { from, root: digest, downloads, step });
    const files = layoutOf(found, { digest, blobs });
    const image = await importFiles({
      label,
      from: { files },
      pick: { name: null, tag: null },
      platform,
      store,
      signal,
    });
    for (const wanted of blobs.wanted) downloads.drop(wanted);
    return importedOutput(store, image);
  } catch (error) {
    throw atPosition(fromUnknown(error, `Cannot pull the image ${label}`), derivation.position);
  }
}

/** Documents from the wanted digest to the manifest of the platform, and what that lists. */
interface FoundManifest {
  readonly documents: ReadonlyMap<Digest, Buffer>;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

const MAX_DEPTH = 4;

async function findManifest(
  from: Repository,
  wanted: {
    readonly digest: Digest;
    readonly platform: Platform;
    readonly label: string;
    readonly signal: AbortSignal;
  },
): Promise<FoundManifest> {
  const documents = new Map<Digest, Buffer>();
  let { digest } = wanted;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const bytes = await from.manifest(digest, wanted.signal);
    documents.set(digest, bytes);
    const { manifests, config, layers } = parseManifest(bytes, { label: wanted.label, what: `its manifest ${digest}` });
    if (config !== undefined) return { documents, config, layers: layers ?? [] };
    digest = choose(manifests ?? [], wanted).digest;
  }
  throw new ImgbuildError("invalid-archive", `Cannot read the image ${wanted.label}: its indexes are nested too deep`);
}

function choose(
  manifests: readonly Descriptor[],
  { platform, label }: { readonly platform: Platform; readonly label: string },
): Descriptor {
  const fitting = manifests.filter((each) => each.platform !== undefined && platformMatches(each.platform, platform));
  const exact = fitting.filter((each) => each.platform?.variant === platform.variant);
  const [found] = exact.length > 0 ? exact : fitting;
  if (found !== undefined) return found;
  const has = manifests.flatMap((each) =>
    each.platform === undefined || each.platform.os === "unknown" ? [] : [formatPlatform(each.platform)],
  );
  const listed = has.length === 0 ? "none" : [...new Set(has)].join(", ");
  throw new ImgbuildError(
    "not-found",
    `Cannot find an image for ${formatPlatform(platform)} in ${label}: it has ${listed}`,
    { hint: "Set os and arch to a platform that it has" },
  );
}

interface FetchedBlobs {
  readonly contents: ReadonlyMap<Digest, LayerContent>;
  readonly wanted: readonly WantedFile[];
}

/** Downloads config and layers; what an earlier run fetched is there. */
async function fetchBlobs(
  { config, layers }: FoundManifest,
  on: { readonly from: Repository; readonly root: Digest; readonly downloads: Downloads; readonly step: Step },
): Promise<FetchedBlobs> {
  const { from, root, downloads, step } = on;
  const { signal } = step;
  const unique = [...new Map([config, ...layers].map((each) => [each.digest, each])).values()];
  const total = unique.reduce((sum, { size }) => sum + size, 0);
  const received = new Map<Digest, number>();
  const fetched = await Promise.all(
    unique.map(async ({ digest, size }) => {
      const wanted: WantedFile = {
        integrity: digest,
        size,
        maxBytes: size,
        addresses: async () => ({ urls: await from.blobAddresses(digest, root, signal), fetcher: from.fetcher }),
      };
      const onProgress = (progress: { readonly received: number }) => {
        received.set(digest, progress.received);
        step.progress(
          [...received.values()].reduce((sum, bytes) => sum + bytes, 0),
          total,
        );
      };
      const path = await downloads.get(wanted, { signal, onProgress });
      const content: LayerContent = { kind: "disk", path, size, sha256: hexOf(digest) };
      return { digest, wanted, content };
    }),
  );
  return {
    contents: new Map(fetched.map(({ digest, content }) => [digest, content])),
    wanted: fetched.map(({ wanted }) => wanted),
  };
}

/** The same image as an OCI layout, whose reader checks everything. */
function layoutOf(
  { documents }: FoundManifest,
  { digest, blobs }: { readonly digest: Digest; readonly blobs: FetchedBlobs },
): ContentFiles {
  const root = documents.get(digest) ?? Buffer.alloc(0);
  const { manifests } = parseManifest(root, { label: "", what: "" });
  const mediaType = mediaTypeOf(root) ?? (manifests === undefined ? MediaType.ociManifest : MediaType.ociIndex);
  const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size: root.length }] };
  return new Map([
    ["oci-layout", bytesContent(Buffer.from('{"imageLayoutVersion":"1.0.0"}'))],
    ["index.json", bytesContent(Buffer.from(JSON.stringify(index)))],
    ...[...documents].map(([name, bytes]) => [`blobs/sha256/${hexOf(name)}`, bytesContent(bytes)] as const),
    ...[...blobs.contents].map(([name, content]) => [`blobs/sha256/${hexOf(name)}`, content] as const),
  ]);
}

function mediaTypeOf(document: Buffer): string | undefined {
  const { mediaType } = JSON.parse(document.toString("utf8")) as { readonly mediaType?: unknown };
  return typeof mediaType === "string" ? mediaType : undefined;
}

function bytesContent(bytes: Buffer): LayerContent {
  return { kind: "bytes", bytes, size: bytes.length, sha256: hexOf(digestOf(bytes)) };
}
