import { ImgbuildError } from "@imgbuild/errors";
import type { BuildEvent } from "@imgbuild/graph";
import { pacedProgress } from "./progress-pace.ts";
import type { Reporter } from "./reporter.ts";
import { redact } from "./safe-text.ts";

/** What the reporter for machines must be given. */
export interface JsonReporterOptions {
  /** Takes one line at a time, line break included. */
  write(text: string): void;
  /** Milliseconds from any fixed moment; `t` counts from the making of the reporter. */
  now(): number;
  /** Given, progress is told at a pace that people can bear: calls `work` after `ms`. Must not keep the process alive. */
  readonly later?: ((work: () => void, ms: number) => void) | undefined;
}

/** Raised when a field changes its meaning or goes away; new fields and new events do not raise it. */
const VERSION = 1;

/**
 * NDJSON: each event as one object on one line, `{"v":1,"t":12,"type":…}`, with `t` in milliseconds since the start.
 * Errors are `{code, message, hint, position, related}`, absent ones null. Credentials in URLs are hidden. Lines are
 * ASCII as far as control characters go: a terminal that shows them is not acted on.
 */
export function jsonReporter(options: JsonReporterOptions): Reporter {
  const start = options.now();
  let open = true;
  const write = (event: BuildEvent): void => {
    if (!open) return;
    const t = Math.max(0, Math.round(options.now() - start));
    const text = JSON.stringify({ v: VERSION, t, ...event }, (_, value: unknown) => plain(value));
    options.write(`${text.replace(/[\u007f-\u009f\u2028\u2029]/g, escaped)}\n`);
  };
  const { later } = options;
  return {
    emit: later === undefined ? write : pacedProgress(write, { now: () => options.now(), later }),
    close() {
      open = false;
    },
  };
}

/** An error as JSON, with its related ones. */
export function errorJson(error: ImgbuildError): object {
  // Related errors of related ones are left out: `combineErrors` makes the list flat, and a circle would be endless.
  return { ...flat(error), related: error.related.map((each) => ({ ...flat(each), related: [] })) };
}

function flat({ code, message, hint, position }: ImgbuildError): object {
  return { code, message, hint: hint ?? null, position: position ?? null };
}

function plain(value: unknown): unknown {
  if (value instanceof ImgbuildError) return errorJson(value);
  if (typeof value === "string") return redact(value);
  return typeof value === "bigint" ? value.toString() : value;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
