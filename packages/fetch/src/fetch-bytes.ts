import type { IncomingMessage } from "node:http";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { AttemptFailure } from "./attempt-failure.ts";
import { type ExchangeOptions, exchange } from "./exchange.ts";
import type { Source } from "./mirrors.ts";
import { statusFailure } from "./status-failure.ts";
import { transportFailure } from "./transport-failure.ts";

/** A small document held in memory. */
export interface FetchedBytes {
  /** Empty when `notModified`. */
  readonly bytes: Buffer;
  /** True when the server has it unchanged since `etag` of the request. */
  readonly notModified: boolean;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

const DECODERS: ReadonlyMap<string, (bytes: Buffer, options: { maxOutputLength: number }) => Buffer> = new Map([
  ["gzip", gunzipSync],
  ["x-gzip", gunzipSync],
  ["deflate", inflateSync],
  ["br", brotliDecompressSync],
]);

/** One try to get a document of at most `maxBytes`, decoded. */
export async function attemptBytes(
  source: Source,
  options: Omit<ExchangeOptions, "privateHeaders"> & { readonly maxBytes: number; readonly now: () => number },
): Promise<FetchedBytes> {
  const { maxBytes } = options;
  const response = await exchange(source.url, { ...options, privateHeaders: source.headers });
  try {
    const failure = statusFailure(response, options.now());
    if (failure !== undefined) throw failure;
    const { etag, "last-modified": lastModified } = response.headers;
    const notModified = response.statusCode === 304;
    const raw = await readAll(response, maxBytes);
    const bytes = notModified ? Buffer.alloc(0) : decode(raw, response.headers["content-encoding"], maxBytes);
    return { bytes, notModified, etag, lastModified };
  } finally {
    if (!response.complete) response.destroy();
  }
}

async function readAll(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooBig(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    throw transportFailure(error);
  }
  return Buffer.concat(chunks);
}

function decode(raw: Buffer, encoding: string | undefined, maxBytes: number): Buffer {
  if (encoding === undefined || encoding === "identity") return raw;
  const decoder = DECODERS.get(encoding.toLowerCase());
  if (decoder === undefined) throw new AttemptFailure("refused", `the server sent it encoded as ${encoding}`);
  try {
    return decoder(raw, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooBig(maxBytes);
    throw new AttemptFailure("temporary", `what the server sent is no valid ${encoding}`, { cause: error });
  }
}

function tooBig(maxBytes: number): AttemptFailure {
  return new AttemptFailure("integrity", `it has more than the allowed ${maxBytes} bytes`);
}
