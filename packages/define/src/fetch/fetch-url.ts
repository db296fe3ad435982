import type { FetchUrlArgs, FetchUrlOrigin, JsonValue } from "@imgbuild/graph";
import type { Caller } from "../call.ts";
import { readFlag, readInteger, readMode, readOptions, readStrings } from "../options.ts";
import { describeValue } from "../plain.ts";
import { joinPath, type Problem, throwProblems } from "../problem.ts";
import { makeValue, type Value } from "../source.ts";
import { readHash } from "./read-hash.ts";

/** The attributes of {@link DefinitionApi.fetchUrl}. */
export interface FetchUrlOptions {
  /** Where it is: http or https. */
  readonly url?: string;
  /** Mirrors of the same file, tried in order; after `url`, where both are given. */
  readonly urls?: readonly string[];
  /**
   * What the file must hash to: `sha256-` and base64, `sha256:` and hex digits, or the digits alone; sha384 and sha512 likewise.
   * `""` where it is not known yet: the build then fails and names it.
   */
  readonly hash: string;
  /** What the file is called where it gets no other name; addresses decide nothing. Default: none. */
  readonly name?: string;
  /** Mode 0755 instead of 0644. */
  readonly executable?: boolean;
  /** Permission bits. */
  readonly mode?: number | null;
  /** More bytes are refused. Default 4 GiB. */
  readonly maxSize?: number;
}

const ATTRIBUTES = [
  "url",
  "urls",
  "hash",
  "name",
  "executable",
  "mode",
  "maxSize",
] as const satisfies readonly (keyof FetchUrlOptions)[];

const MAX_SIZE = 2 ** 32;

/** {@link DefinitionApi.fetchUrl}. */
export function makeFetchUrl(caller: Caller, options: unknown): Value<"fetchUrl"> {
  const problems: Problem[] = [];
  const given = readOptions(options, ATTRIBUTES, problems);
  const urls = readUrls(given, problems);
  const { hash, written } = readHash(given.hash, problems);
  const mode = readMode(given.mode, problems);
  const executable = readFlag(given.executable, { path: "executable", fallback: false, problems });
  if (executable && mode !== null) {
    problems.push({ path: "executable", text: "says what mode says too", hint: "Leave one of them out" });
  }
  const about = { path: "maxSize", max: Number.MAX_SAFE_INTEGER, wanted: "a number of bytes", problems };
  const maxBytes = readInteger(given.maxSize, MAX_SIZE, about);
  const name = readFileName(given.name, problems);
  throwProblems("Cannot fetch a file", problems);
  const args: FetchUrlArgs = { hash, name, mode: mode ?? (executable ? 0o755 : null) };
  const origin: FetchUrlOrigin = { urls, integrity: written, maxBytes };
  return makeValue<Value<"fetchUrl">>({
    kind: "fetchUrl",
    args: args as unknown as JsonValue,
    position: caller.host.position(),
    // Of what decides its bytes alone: it stands in the history of images.
    summary: `file ${name ?? `of ${hash.slice(0, 19)}`}`,
    origin: JSON.stringify(origin),
  });
}

function readUrls(given: Readonly<Record<string, unknown>>, problems: Problem[]): string[] {
  const { url, urls } = given;
  if (url === undefined && urls === undefined) {
    problems.push({ path: "url", text: "is missing, wanted an http or https address" });
    return [];
  }
  const before = problems.length;
  const list = readStrings(urls, "urls", problems);
  if (Array.isArray(urls) && urls.length === 0) problems.push({ path: "urls", text: "is empty, wanted addresses" });
  const one = url === undefined ? [] : [url];
  if (url !== undefined && typeof url !== "string")
    problems.push({ path: "url", text: `is ${describeValue(url)}, wanted an http or https address` });
  if (problems.length > before) return [];
  return [...one, ...list].map((text, i) => {
    const path = i < one.length ? "url" : joinPath("urls", i - one.length);
    return readAddress(String(text), path, problems);
  });
}

/** Messages do not quote the address: it may hold a password. */
function readAddress(text: string, path: string, problems: Problem[]): string {
  const [, scheme = ""] = /^([a-z][a-z0-9+.-]*):/i.exec(text) ?? [];
  const isWeb = /^https?:\/\/[^/?#\s]+/i.test(text) && !/[\s\p{Cc}]/u.test(text);
  if (isWeb) return text;
  const what =
    scheme === "" ? "is no address" : /^https?$/i.test(scheme) ? "is no valid address" : `is an address of ${scheme}`;
  const hint = scheme === "file" ? 'Name a file of the workspace with path("./file")' : undefined;
  problems.push({ path, text: `${what}, wanted one of http or https`, hint });
  return text;
}

function readFileName(value: unknown, problems: Problem[]): string | null {
  if (value === undefined || value === null) return null;
  const isName = typeof value === "string" && /^[^/\0]+$/.test(value) && !/\p{Surrogate}/u.test(value);
  if (isName && value !== "." && value !== ".." && !value.startsWith(".wh.")) return value;
  problems.push({ path: "name", text: `is ${describeValue(value)}, wanted a name for a file, without "/"` });
  return null;
}
