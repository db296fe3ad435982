import { type ErrorCode, ImgbuildError } from "@imgbuild/errors";
import { AttemptFailure, type FailureKind } from "./attempt-failure.ts";
import { redactUrl } from "./redact.ts";

/** The only ways in which this package meets time and chance. */
export interface Timing {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`; rejects when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** A number from 0 up to 1. */
  random(): number;
}

/** How often and how patiently to try. */
export interface RetryOptions {
  /** Rounds over all mirrors. Default 5. */
  readonly rounds?: number;
  /** Wait after the first round, doubled each round, with up to half of it taken off by chance. Default 500. */
  readonly baseMs?: number;
  /** The longest such wait. Default 30,000. */
  readonly maxMs?: number;
}

/** A wait before another round of tries. */
export interface Retry {
  /** Fit to be shown: no credentials, no query. */
  readonly url: string;
  /** What the last try came to. */
  readonly reason: string;
  readonly waitMs: number;
}

/** An address with the headers that only its own host may see. */
export interface Source {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Tries the sources in order until one succeeds, in rounds: a source that failed for good is not asked again, all that
 * failed for now are asked again after a wait. Throws one error that names every source and what it said.
 */
export async function tryMirrors<T>(
  sources: readonly Source[],
  attempt: (source: Source) => Promise<T>,
  options: {
    readonly timing: Timing;
    readonly retry: RetryOptions;
    readonly signal: AbortSignal;
    readonly onRetry?: ((retry: Retry) => void) | undefined;
  },
): Promise<T> {
  const { timing, signal } = options;
  const { rounds = 5, baseMs = 500, maxMs = 30_000 } = options.retry;
  const last = new Map<Source, AttemptFailure>();
  let alive = [...sources];
  let tries = 0;
  for (let round = 0; alive.length > 0 && round < rounds; round++) {
    if (round > 0) {
      const backoff = Math.min(maxMs, baseMs * 2 ** (round - 1)) * (1 - timing.random() / 2);
      const asked = Math.min(...alive.map((source) => last.get(source)?.retryAfterMs ?? 0));
      const waitMs = Math.max(backoff, asked);
      const [first] = alive;
      const reason = first === undefined ? undefined : last.get(first)?.message;
      if (first !== undefined && reason !== undefined) options.onRetry?.({ url: redactUrl(first.url), reason, waitMs });
      await timing.sleep(waitMs, signal);
    }
    for (const source of alive) {
      tries++;
      try {
        return await attempt(source);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof AttemptFailure)) throw error;
        last.set(source, error);
      }
    }
    alive = alive.filter((source) => {
      const failure = last.get(source);
      return failure?.kind === "temporary" && Number.isFinite(failure.retryAfterMs);
    });
  }
  throw summary(last, tries);
}

const CODES: readonly (readonly [FailureKind, ErrorCode])[] = [
  ["integrity", "integrity"],
  ["temporary", "unavailable"],
  ["refused", "refused"],
  ["missing", "not-found"],
];

function summary(last: ReadonlyMap<Source, AttemptFailure>, tries: number): ImgbuildError {
  const said = [...last].map(([{ url }, failure]) => ({ url: redactUrl(url), failure }));
  const [kind, code] = CODES.find(([candidate]) => said.some(({ failure }) => failure.kind === candidate)) ?? [];
  const deciding = said.find(({ failure }) => failure.kind === kind);
  const [first, ...others] = said;
  if (code === undefined || first === undefined || deciding === undefined) {
    return new ImgbuildError("definition", "Cannot download from no address: wanted at least one");
  }
  const counted = tries > said.length ? ` (${tries} tries)` : "";
  const message =
    others.length === 0
      ? `Cannot download "${first.url}": ${first.failure.message}${counted}`
      : `Cannot download "${first.url}" nor from its mirrors${counted}: ${said.map(({ url, failure }) => `"${url}": ${failure.message}`).join("; ")}`;
  const hint =
    deciding.failure.hint ?? (code === "unavailable" ? "Try again later; what came so far is kept" : undefined);
  return new ImgbuildError(code, message, { hint, cause: deciding.failure });
}
