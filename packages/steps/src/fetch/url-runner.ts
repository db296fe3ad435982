import { createReadStream, rmSync } from "node:fs";
import { fromUnknown, ImgbuildError } from "@imgbuild/errors";
import { type Address, type Fetcher, redactUrl } from "@imgbuild/fetch";
import {
  type Derivation,
  type FetchUrlArgs,
  type FetchUrlOrigin,
  hashParts,
  type JsonValue,
  type Output,
  type Step,
  type StepRunner,
} from "@imgbuild/graph";
import { putStoredFile } from "@imgbuild/image";
import { type Digest, hexOf, parseDigest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { StoredTreeOutput } from "../tree/stored-nodes.ts";
import type { Downloads, WantedFile } from "./downloads.ts";

/** How files of the web are fetched. */
export interface WebAccess {
  /** With the proxies of the environment. Whoever gives it closes it. */
  readonly fetcher: Fetcher;
  /** Adds what this user has to say to a host: its line of a .netrc. */
  readonly addressOf: (url: string) => Address;
}

/** What steps need to fetch files of the web. */
export interface WebOptions {
  /** Asked when the first file is not at hand. */
  readonly access: () => Promise<WebAccess>;
}

/** What the runner needs. */
export interface UrlRunnerOptions {
  readonly store: Store;
  readonly downloads: Downloads;
  /** Without it files of the web cannot be had. */
  readonly web: WebOptions | undefined;
}

/** Gets files of the web into the store. */
export interface UrlRunner extends StepRunner {
  /** Starts to fetch what steps that are planned will want. */
  fetchAhead(derivations: readonly Derivation[], signal: AbortSignal): void;
}

const SPACE = "fetched files 1";

/** A runner of `fetchUrl`. What has once been fetched is known by its hash, whatever else of the definition changes. */
export function urlRunner(options: UrlRunnerOptions): UrlRunner {
  return {
    kind: "fetchUrl",
    mode: "cached",
    version: 1,
    title: (derivation) => `download ${shownName(derivation)}`,
    run: (step) => runFetch(step, options),
    blobs: (output) => (output.data as unknown as StoredTreeOutput).blobs,
    fetchAhead(derivations, signal) {
      for (const derivation of derivations) {
        if (derivation.kind !== "fetchUrl") continue;
        const { hash } = argsOf(derivation);
        if (hash === "" || known(options.store, hash) !== undefined) continue;
        options.downloads.start(wantedOf(derivation, options), signal);
      }
    },
  };
}

function argsOf({ args }: Derivation): FetchUrlArgs {
  return args as unknown as FetchUrlArgs;
}

function originOf({ origin }: Derivation): FetchUrlOrigin {
  return JSON.parse(origin ?? '{"urls":[],"integrity":"","maxBytes":0}') as FetchUrlOrigin;
}

/** The last part of the address, or the name that it is given. */
function shownName(derivation: Derivation): string {
  const [url = ""] = originOf(derivation).urls;
  const shown = redactUrl(url).replace(/[?#].*$/, "");
  return argsOf(derivation).name ?? (shown.slice(shown.lastIndexOf("/") + 1) || shown);
}

interface Content {
  readonly digest: Digest;
  readonly size: number;
}

/** The content of a hash, if it has been fetched and is still there. */
function known(store: Store, hash: string): Content | undefined {
  const text = hash.startsWith("sha256:") ? hash : store.facts.get(SPACE, hash);
  if (text === undefined) return undefined;
  const digest = parseDigest(text);
  const size = store.blobs.size(digest);
  return size === undefined ? undefined : { digest, size };
}

async function runFetch(step: Step, options: UrlRunnerOptions): Promise<Output> {
  const { derivation, signal } = step;
  const { hash, name, mode } = argsOf(derivation);
  const { store, downloads } = options;
  if (hash === "") throw await hashToBeWritten(step, options);
  let content = known(store, hash);
  if (content === undefined) {
    const wanted = wantedOf(derivation, options);
    const path = await downloads.get(wanted, {
      signal,
      onProgress: ({ received, total }) => step.progress(received, total),
    });
    content = await keep(path, { store, signal, expected: hash.startsWith("sha256:") ? parseDigest(hash) : undefined });
    if (!hash.startsWith("sha256:")) store.facts.set(SPACE, hash, content.digest);
    downloads.drop(wanted);
  }
  step.progress(content.size);
  const { listing, blobs } = putStoredFile(store, { ...content, mode: mode ?? 0o644 });
  const data: StoredTreeOutput = { tree: listing, blobs, ...(name === null ? {} : { name }) };
  return { digest: listing, data: data as unknown as JsonValue };
}

function wantedOf(derivation: Derivation, options: UrlRunnerOptions): WantedFile {
  const { urls, integrity, maxBytes } = originOf(derivation);
  const addresses = async () => {
    const { fetcher, addressOf } = await accessOf(options);
    return { urls: urls.map(addressOf), fetcher };
  };
  return { integrity, maxBytes, addresses };
}

function accessOf({ web }: UrlRunnerOptions): Promise<WebAccess> {
  if (web !== undefined) return web.access();
  throw new ImgbuildError("internal", "Internal error: files of the web are not to be had here");
}

/** Puts a downloaded file into the store. */
async function keep(
  path: string,
  {
    store,
    signal,
    expected,
  }: { readonly store: Store; readonly signal: AbortSignal; readonly expected: Digest | undefined },
): Promise<Content> {
  const writer = store.blobs.writer();
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>) {
      signal.throwIfAborted();
      writer.write(piece);
    }
    return writer.commit(expected);
  } catch (error) {
    writer.abort();
    throw fromUnknown(error, `Cannot read the download "${path}"`);
  }
}

/** Fetches a file whose hash nobody wrote down, to say what it is. It is kept: once the hash is written, it is there. */
async function hashToBeWritten(step: Step, options: UrlRunnerOptions): Promise<ImgbuildError> {
  const { derivation, signal } = step;
  const { store, downloads } = options;
  const { urls, maxBytes } = originOf(derivation);
  const { fetcher, addressOf } = await accessOf(options);
  const path = downloads.placeOf(hashParts("imgbuild.unknown-file", urls));
  const onProgress = ({ received, total }: { readonly received: number; readonly total: number | undefined }) =>
    step.progress(received, total);
  const request = { urls: urls.map(addressOf), maxBytes, signal, onProgress };
  await fetcher.download(request, { path });
  const { digest, size } = await keep(path, { store, signal, expected: undefined });
  rmSync(path, { force: true });
  const hash = `sha256-${Buffer.from(hexOf(digest), "hex").toString("base64")}`;
  const shown = redactUrl(urls[0] ?? "");
  return new ImgbuildError(
    "definition",
    `Cannot use "${shown}" without a hash: what came from there (${size} bytes) has the hash "${hash}"`,
    { hint: `Write hash: "${hash}", if this is the file that you mean`, position: derivation.position },
  );
}
