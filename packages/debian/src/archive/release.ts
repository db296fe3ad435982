import { ImgbuildError } from "@imgbuild/errors";
import { parseSingleStanza } from "../text/control.ts";
import type { Stanza } from "../text/stanza.ts";
import type { ExpectedBytes } from "./expected-bytes.ts";
import { safeArchivePath } from "./safe-archive-path.ts";

/** What a `Release` or `InRelease` says of its suite. */
export interface Release {
  /** `stable`; undefined where the archive names none. */
  readonly suite: string | undefined;
  /** `bookworm`. */
  readonly codename: string | undefined;
  readonly date: Date | undefined;
  readonly validUntil: Date | undefined;
  readonly architectures: readonly string[];
  readonly components: readonly string[];
  /** Files can be had under their hash, `by-hash/SHA256/…`, so that a mirror's update does not break a read. */
  readonly acquireByHash: boolean;
  /** apt takes packages of such a suite only when asked by name. */
  readonly notAutomatic: boolean;
  /** Size and SHA-256 by path relative to the suite's directory. */
  readonly files: ReadonlyMap<string, ExpectedBytes>;
}

/**
 * Parses the text of a `Release`. `what` names it in errors. Throws `invalid-archive` when it is none, or has no SHA256
 * list (MD5 and SHA-1 are not taken), and `path-escape` for a listed path that leaves the suite's directory.
 */
export function parseRelease(text: string, what: string): Release {
  const stanza = parseSingleStanza(text, `"${what}"`);
  const words = (name: string): readonly string[] =>
    (stanza.folded(name) ?? "").split(/\s+/).filter((word) => word !== "");
  return {
    suite: stanza.get("Suite"),
    codename: stanza.get("Codename"),
    date: dateOf(stanza, "Date", what),
    validUntil: dateOf(stanza, "Valid-Until", what),
    architectures: words("Architectures"),
    components: words("Components"),
    acquireByHash: stanza.get("Acquire-By-Hash") === "yes",
    notAutomatic: stanza.get("NotAutomatic") === "yes",
    files: filesOf(stanza, what),
  };
}

/** When it is, and how strict to be. */
export interface ReleaseDateOptions {
  readonly now: Date;
  /** Take an index that says it is too old: for archives that are history. Default false. */
  readonly allowExpired?: boolean | undefined;
  readonly what: string;
}

const FUTURE_TOLERANCE_MS = 10_000;

/** Throws `integrity` when the index is no longer valid (`Valid-Until`) or is from the future (`Date`). */
export function checkReleaseDates(release: Release, { now, allowExpired, what }: ReleaseDateOptions): void {
  const { date, validUntil } = release;
  if (validUntil !== undefined && validUntil < now && allowExpired !== true) {
    throw new ImgbuildError(
      "integrity",
      `Cannot trust "${what}": it was valid until ${iso(validUntil)}, and now it is ${iso(now)}`,
      { hint: "Use a mirror that is up to date; for a snapshot or an archive that is history, allow expired indexes" },
    );
  }
  if (date !== undefined && date.getTime() > now.getTime() + FUTURE_TOLERANCE_MS) {
    throw new ImgbuildError("integrity", `Cannot trust "${what}": it is of ${iso(date)}, and now it is ${iso(now)}`, {
      hint: "Set the clock of this machine",
    });
  }
}

/** Which packages: `main`, `arm64`. Components may have a `/` in them. */
export interface PackagesFileOptions {
  readonly component: string;
  readonly architecture: string;
  readonly what: string;
}

/**
 * The files of one list of packages, the smallest to fetch first (xz, gz, plain), as the release has them. Throws
 * `not-found` when it lists none, naming the components and architectures that there are.
 */
export function packagesFiles(release: Release, options: PackagesFileOptions): readonly ExpectedBytes[] {
  const { component, architecture, what } = options;
  const found: ExpectedBytes[] = [];
  for (const name of directoriesOf(component)) {
    for (const suffix of [".xz", ".gz", ""]) {
      const file = release.files.get(`${name}/binary-${architecture}/Packages${suffix}`);
      if (file !== undefined) found.push(file);
    }
  }
  if (found.length > 0) return found;
  throw new ImgbuildError(
    "not-found",
    `Cannot find packages of "${component}" for ${architecture} in "${what}": it has the components ${listed(
      release.components,
    )} for ${listed(release.architectures)}`,
  );
}

/** The security archive calls a component `updates/main` and has its files below `main`. */
function directoriesOf(component: string): ReadonlySet<string> {
  return new Set([component, component.slice(component.lastIndexOf("/") + 1)]);
}

function listed(words: readonly string[]): string {
  return words.length === 0 ? "(none)" : words.join(", ");
}

/** The path of a listed file under its hash, relative to the suite's directory; see {@link Release.acquireByHash}. */
export function byHashPath(file: ExpectedBytes): string {
  const directory = file.what.slice(0, file.what.lastIndexOf("/") + 1);
  return `${directory}by-hash/SHA256/${file.sha256}`;
}

function filesOf(stanza: Stanza, what: string): ReadonlyMap<string, ExpectedBytes> {
  if (stanza.get("SHA256") === undefined) {
    throw new ImgbuildError("invalid-archive", `Cannot read "${what}": it has no SHA256 list`);
  }
  const files = new Map<string, ExpectedBytes>();
  for (const line of stanza.lines("SHA256")) {
    const [, sha256, size, path] = /^\s*([0-9a-f]{64})\s+([0-9]{1,15})\s+(\S+)$/.exec(line) ?? [];
    if (sha256 === undefined || size === undefined || path === undefined) {
      throw new ImgbuildError(
        "invalid-archive",
        `Cannot read "${line.trim()}" in "${what}": wanted "sha256 size path"`,
      );
    }
    files.set(path, { what: safeArchivePath(path, what), size: Number(size), sha256 });
  }
  return files;
}

const DATE =
  /^(?:[A-Z][a-z]{2}, )?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2} (?:UTC|GMT|Z|[+-]0000)$/;

/** Release dates are RFC 2822 dates in UTC. */
function dateOf(stanza: Stanza, name: string, what: string): Date | undefined {
  const text = stanza.get(name);
  if (text === undefined) return undefined;
  const date = new Date(text.replace(/ (?:UTC|Z|[+-]0000)$/, " GMT"));
  if (DATE.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new ImgbuildError("invalid-archive", `Cannot read ${name} "${text}" of "${what}": wanted a date in UTC`);
}

function iso(date: Date): string {
  return date.toISOString().replace(/\.[0-9]+Z$/, "Z");
}
