import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import type { Digest } from "@imgbuild/oci";
import { Agents, type TlsOptions } from "./agents.ts";
import { attemptDownload } from "./download-attempt.ts";
import { attemptBytes, type FetchedBytes } from "./fetch-bytes.ts";
import { cancelled, Flight } from "./flight.ts";
import { type Integrity, parseIntegrity } from "./integrity.ts";
import { Limit } from "./limit.ts";
import { type Retry, type RetryOptions, type Source, type Timing, tryMirrors } from "./mirrors.ts";
import { PartialFile } from "./partial-file.ts";
import { presentFile } from "./present-file.ts";
import type { ProxyConfig } from "./proxy.ts";
import { redactUrl } from "./redact.ts";

/** An address, alone or with headers (credentials, say) that only its own host is sent. */
export type Address = string | { readonly url: string; readonly headers?: Readonly<Record<string, string>> };

/** How far a download is. */
export interface Progress {
  /** Fit to be shown: no credentials, no query. */
  readonly url: string;
  /** Bytes of the file that are there, those of earlier tries included. */
  readonly received: number;
  /** Size of the file; undefined while nobody said it. */
  readonly total: number | undefined;
}

/** What both kinds of request have. */
export interface FetchRequest {
  /** Mirrors of one content, best first. At least one; http or https. */
  readonly urls: readonly Address[];
  readonly signal?: AbortSignal;
}

/** A file to download. */
export interface DownloadRequest extends FetchRequest {
  /**
   * `sha256:hex`, or Subresource Integrity as in npm locks. Without it nothing is verified but the size, and a partial
   * file is continued only when the server can tell that it still fits.
   */
  readonly integrity?: string | undefined;
  /** Exact size in bytes, if it is known. */
  readonly size?: number | undefined;
  /** More bytes are refused. */
  readonly maxBytes: number;
  readonly onProgress?: (progress: Progress) => void;
}

/** Where a download goes. */
export interface FileSink {
  /** The whole, verified file appears here by a rename; until then `PATH.partial` grows beside it and is kept. */
  readonly path: string;
}

/** A finished download. */
export interface Downloaded {
  readonly path: string;
  readonly size: number;
  readonly sha256: Digest;
}

/** A document to get into memory. */
export interface BytesRequest extends FetchRequest {
  /** More bytes, encoded or decoded, are refused. */
  readonly maxBytes: number;
  /** ETag of what the caller has: the answer may be `notModified`. */
  readonly ifNoneMatch?: string;
  /** `Accept` header. */
  readonly accept?: string;
}

/** Downloads over HTTP. See {@link createFetcher}. */
export interface Fetcher {
  /**
   * Downloads to a file; one that is there and has the wanted hash is taken as it is. Equal requests (addresses, integrity) under way at once are one. Throws `unavailable`,
   * `not-found`, `refused`, `integrity`, `cancelled`, `definition` for a malformed hash, or what the disk says.
   */
  download(request: DownloadRequest, sink: FileSink): Promise<Downloaded>;
  /** Gets a small document, decoded. Errors as of `download`. */
  fetchBytes(request: BytesRequest): Promise<FetchedBytes>;
  /** Closes all connections. */
  close(): void;
}

/** How a fetcher works. */
export interface FetcherOptions {
  readonly timing: Timing;
  /** Requests under way at once. Default 8. */
  readonly concurrency?: number;
  readonly proxy?: ProxyConfig;
  readonly tls?: TlsOptions;
  readonly retry?: RetryOptions;
  /** A connection on which nothing comes for so long is broken. Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** Told before each wait after which something is tried again. */
  readonly onRetry?: (retry: Retry) => void;
}

/** Makes a {@link Fetcher} with its own connections; close it at the end. One process at a time may write one path. */
export function createFetcher(options: FetcherOptions): Fetcher {
  return new HttpFetcher(options);
}

class HttpFetcher implements Fetcher {
  readonly #timing: Timing;
  readonly #retry: RetryOptions;
  readonly #idleTimeoutMs: number;
  readonly #onRetry: FetcherOptions["onRetry"];
  readonly #agents: Agents;
  readonly #limit: Limit;
  readonly #flights = new Map<string, { flight: Flight<Downloaded, Progress>; paths: Set<string> }>();

  constructor(options: FetcherOptions) {
    const { timing, concurrency = 8, proxy = {}, tls = {}, retry = {}, idleTimeoutMs = 30_000 } = options;
    this.#onRetry = options.onRetry;
    this.#timing = timing;
    this.#retry = retry;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#agents = new Agents({ tls, proxy, maxSockets: concurrency, connectTimeoutMs: idleTimeoutMs });
    this.#limit = new Limit(concurrency);
  }

  async download(request: DownloadRequest, { path }: FileSink): Promise<Downloaded> {
    if (request.signal?.aborted) throw cancelled();
    const key = JSON.stringify([request.urls, request.integrity]);
    const under = this.#flights.get(key);
    const shared = under !== undefined && !under.flight.cancelled ? under : this.#start(key, request, path);
    shared.paths.add(path);
    const done = await shared.flight.join({ signal: request.signal, onProgress: request.onProgress });
    return { ...done, path };
  }

  async fetchBytes(request: BytesRequest): Promise<FetchedBytes> {
    const signal = request.signal ?? new AbortController().signal;
    const headers = {
      ...COMMON,
      "accept-encoding": "gzip",
      ...(request.accept === undefined ? {} : { accept: request.accept }),
      ...(request.ifNoneMatch === undefined ? {} : { "if-none-match": request.ifNoneMatch }),
    };
    return this.#inTurn(signal, () =>
      this.#mirrors(request.urls, signal, (source) =>
        attemptBytes(source, { ...this.#exchange(signal), headers, maxBytes: request.maxBytes, now: this.#timing.now }),
      ),
    );
  }

  close(): void {
    this.#agents.close();
  }

  #start(key: string, request: DownloadRequest, path: string) {
    const integrity = request.integrity === undefined ? undefined : parseIntegrity(request.integrity);
    const paths = new Set<string>();
    const flight = new Flight<Downloaded, Progress>((signal, onProgress) =>
      this.#inTurn(signal, async () => {
        const whole =
          (await presentFile(path, integrity)) ?? (await this.#fetch({ request, path, integrity, signal, onProgress }));
        for (const other of paths) if (other !== path) copyTo(path, other);
        return { path, ...whole };
      }).finally(() => {
        if (this.#flights.get(key) === shared) this.#flights.delete(key);
      }),
    );
    const shared = { flight, paths };
    this.#flights.set(key, shared);
    return shared;
  }

  async #fetch(job: {
    readonly request: DownloadRequest;
    readonly path: string;
    readonly integrity: Integrity | undefined;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: Progress) => void;
  }): Promise<Omit<Downloaded, "path">> {
    const { request, path, integrity, signal, onProgress } = job;
    const partial = PartialFile.open(path, integrity);
    try {
      await this.#mirrors(request.urls, signal, (source) => {
        const url = redactUrl(source.url);
        const onBytes = (received: number, total: number | undefined) => onProgress({ url, received, total });
        const { size, maxBytes } = request;
        const about = { integrity, size, maxBytes, onBytes, headers: COMMON, now: this.#timing.now };
        return attemptDownload(source, partial, { ...this.#exchange(signal), ...about });
      });
      partial.finish();
    } finally {
      partial.close();
    }
    return { size: partial.size, sha256: partial.hash.digest() };
  }

  async #inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      const leave = await this.#limit.enter(signal);
      return await work().finally(leave);
    } catch (error) {
      throw signal.aborted ? cancelled() : error;
    }
  }

  #mirrors<T>(urls: readonly Address[], signal: AbortSignal, attempt: (source: Source) => Promise<T>): Promise<T> {
    const sources = urls.map((item) =>
      typeof item === "string" ? { url: item, headers: {} } : { url: item.url, headers: item.headers ?? {} },
    );
    return tryMirrors(sources, attempt, { timing: this.#timing, retry: this.#retry, signal, onRetry: this.#onRetry });
  }

  #exchange(signal: AbortSignal) {
    return { agents: this.#agents, idleTimeoutMs: this.#idleTimeoutMs, signal };
  }
}

const COMMON = { "user-agent": "imgbuild", accept: "*/*" };

function copyTo(path: string, other: string): void {
  mkdirSync(dirname(other), { recursive: true });
  copyFileSync(path, `${other}.copy`);
  renameSync(`${other}.copy`, other);
}
