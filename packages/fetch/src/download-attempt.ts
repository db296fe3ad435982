import type { IncomingMessage } from "node:http";
import { ImgbuildError } from "@imgbuild/errors";
import { AttemptFailure } from "./attempt-failure.ts";
import { type ExchangeOptions, exchange } from "./exchange.ts";
import { formatIntegrity, type Integrity } from "./integrity.ts";
import type { Source } from "./mirrors.ts";
import { type PartialFile, sourceId, type Validator } from "./partial-file.ts";
import { statusFailure } from "./status-failure.ts";
import { transportFailure } from "./transport-failure.ts";

/** What one try needs beside its source. */
export interface AttemptOptions extends Omit<ExchangeOptions, "privateHeaders"> {
  readonly integrity: Integrity | undefined;
  /** Exact size when it is known. */
  readonly size: number | undefined;
  readonly maxBytes: number;
  readonly now: () => number;
  readonly onBytes: (received: number, total: number | undefined) => void;
}

/**
 * One try to complete `partial` from one source. It goes on from what is there when the server can say that it still
 * belongs together (`If-Range`), or when the hash will tell. Afterwards the file is whole and verified, or what came is
 * kept for the next try, or, if it was wrong, forgotten.
 */
export async function attemptDownload(source: Source, partial: PartialFile, options: AttemptOptions): Promise<void> {
  if (isComplete(partial, options)) return;
  const resumed = partial.size;
  const range = rangeHeaders(source, partial, options);
  if (partial.size > 0 && range === undefined) partial.reset();
  const headers = { ...options.headers, "accept-encoding": "identity", ...range };
  const response = await exchange(source.url, { ...options, headers, privateHeaders: source.headers });
  try {
    prepare(response, partial, options);
    const total = checkLength(response, partial, options);
    partial.remember(validatorOf(source, response));
    await receive(response, partial, { options, total });
    verify(partial, { options, response, mixed: resumed > 0 && response.statusCode === 206 });
  } finally {
    // A body that is not wanted to its end would hold the connection.
    if (!response.complete) response.destroy();
  }
}

function isComplete(partial: PartialFile, { integrity, size }: AttemptOptions): boolean {
  if (integrity === undefined || partial.size === 0 || (size !== undefined && partial.size !== size)) return false;
  return partial.hash.mismatch() === undefined;
}

function rangeHeaders(source: Source, partial: PartialFile, { integrity }: AttemptOptions) {
  if (partial.size === 0) return undefined;
  const known = partial.validator();
  const tag = known?.source === sourceId(source.url) ? known.tag : undefined;
  if (tag === undefined && integrity === undefined) return undefined;
  const range = `bytes=${partial.size}-`;
  return tag === undefined ? { range } : { range, "if-range": tag };
}

function validatorOf(source: Source, response: IncomingMessage): Validator {
  const { etag } = response.headers;
  const strong = etag !== undefined && !etag.startsWith("W/") ? etag : undefined;
  return { source: sourceId(source.url), tag: strong ?? response.headers["last-modified"] };
}

/** Makes the partial file end where the body of the response begins. */
function prepare(response: IncomingMessage, partial: PartialFile, { now, integrity }: AttemptOptions): void {
  if (response.statusCode === 416 && partial.size > 0) {
    partial.reset();
    throw new AttemptFailure("temporary", "the server has fewer bytes than came earlier");
  }
  const failure = statusFailure(response, now());
  if (failure !== undefined) throw failure;
  const status = response.statusCode ?? 0;
  if (status !== 200 && status !== 206) throw new AttemptFailure("refused", `the server answered ${status}`);
  const encoding = response.headers["content-encoding"];
  if (integrity === undefined && encoding !== undefined && encoding !== "identity") {
    throw new AttemptFailure("refused", `the server sent it encoded as ${encoding}, though it was asked not to`);
  }
  if (status === 200) {
    if (partial.size > 0) partial.reset();
    return;
  }
  const start = /^bytes (\d+)-/.exec(response.headers["content-range"] ?? "")?.[1];
  if (start === undefined || Number(start) !== partial.size) {
    partial.reset();
    throw new AttemptFailure("temporary", "the server sent another part than it was asked for");
  }
}

function checkLength(response: IncomingMessage, partial: PartialFile, options: AttemptOptions): number | undefined {
  const length = response.headers["content-length"];
  const total = length === undefined ? undefined : partial.size + Number(length);
  if (total !== undefined && total > options.maxBytes) throw tooBig(total, options);
  if (total !== undefined && options.size !== undefined && total !== options.size) {
    partial.reset();
    throw new AttemptFailure("integrity", `it has ${total} bytes, wanted ${options.size}`);
  }
  return total ?? options.size;
}

function tooBig(bytes: number, { maxBytes }: AttemptOptions): AttemptFailure {
  return new AttemptFailure("integrity", `it has ${bytes} bytes or more, at most ${maxBytes} are allowed`);
}

async function receive(
  response: IncomingMessage,
  partial: PartialFile,
  { options, total }: { readonly options: AttemptOptions; readonly total: number | undefined },
): Promise<void> {
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      checkRoom(partial, chunk.length, options);
      partial.append(chunk);
      options.onBytes(partial.size, total);
    }
  } catch (error) {
    throw error instanceof ImgbuildError ? error : transportFailure(error);
  }
  if (total !== undefined && partial.size < total) {
    throw new AttemptFailure("temporary", `only ${partial.size} of ${total} bytes came`);
  }
}

function checkRoom(partial: PartialFile, more: number, options: AttemptOptions): void {
  const received = partial.size + more;
  const { maxBytes, size = maxBytes } = options;
  if (received <= Math.min(maxBytes, size)) return;
  partial.reset();
  if (received > maxBytes) throw tooBig(received, options);
  throw new AttemptFailure("integrity", `it has more than the wanted ${size} bytes`);
}

function verify(
  partial: PartialFile,
  about: { readonly options: AttemptOptions; readonly response: IncomingMessage; readonly mixed: boolean },
): void {
  const { integrity } = about.options;
  const got = partial.hash.mismatch();
  if (integrity === undefined || got === undefined) return;
  const { size } = partial;
  partial.reset();
  if (about.mixed) throw new AttemptFailure("temporary", "the parts that came in several tries do not belong together");
  const encoding = about.response.headers["content-encoding"];
  const encoded = encoding === undefined ? "" : `; the server sent it encoded as ${encoding}`;
  const what = `its ${size} bytes are not what was wanted: wanted ${formatIntegrity(integrity)}, got ${got}${encoded}`;
  throw new AttemptFailure("integrity", what, {
    hint: "If the content was changed on purpose, write the new hash; if not, do not trust the source",
  });
}
