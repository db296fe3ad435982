import { ImgbuildError } from "@imgbuild/errors";

/** How a relation compares versions (Debian Policy 7.1). */
export type VersionOperator = "<<" | "<=" | "=" | ">=" | ">>";

const TILDE = 0x7e;

/**
 * Order of two Debian versions as dpkg has it (deb-version(7)): epoch, then upstream version, then revision; `~` sorts
 * before everything, also the end; letters before other characters; digits as numbers. Negative, zero or positive. Total:
 * texts that are no versions compare by the same rules.
 */
export function compareVersions(a: string, b: string): number {
  const left = splitVersion(a);
  const right = splitVersion(b);
  return (
    comparePart(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}

/** Whether `version` stands in the relation to `wanted`, e.g. `satisfies("2.0", ">=", "1.9~rc1")`. */
export function satisfies(version: string, operator: VersionOperator, wanted: string): boolean {
  const order = compareVersions(version, wanted);
  switch (operator) {
    case "<<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
      return order === 0;
    case ">=":
      return order >= 0;
    case ">>":
      return order > 0;
  }
}

/** Whether `text` is a Debian version: `[epoch:]upstream[-revision]` of the characters that Policy 5.6.12 allows. */
export function isVersion(text: string): boolean {
  return /^(?:[0-9]{1,9}:[A-Za-z0-9.+~:-]+|[A-Za-z0-9.+~-]+)$/.test(text) && !/(^|:)-|-$|^:|:$/.test(text);
}

/** Checks a version; throws `invalid-archive` naming `where` it was read. */
export function parseVersion(text: string, where: string): string {
  if (isVersion(text)) return text;
  throw new ImgbuildError(
    "invalid-archive",
    `Cannot read version ${JSON.stringify(text)} of ${where}: wanted "[epoch:]version[-revision]"`,
  );
}

interface VersionParts {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

function splitVersion(text: string): VersionParts {
  const epoch = /^[0-9]+(?=:)/.exec(text)?.[0] ?? "";
  const rest = epoch === "" ? text : text.slice(epoch.length + 1);
  const dash = rest.lastIndexOf("-");
  if (dash === -1) return { epoch, upstream: rest, revision: "" };
  return { epoch, upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** dpkg's weight of a character; the end of a text (NaN) and a digit weigh nothing. */
function weight(code: number): number {
  if (Number.isNaN(code) || isDigit(code)) return 0;
  if ((code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)) return code;
  return code === TILDE ? -1 : code + 256;
}

/** dpkg's verrevcmp: stretches of non-digits by weight and of digits by value, in turn. */
function comparePart(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const order = weight(a.charCodeAt(i)) - weight(b.charCodeAt(j));
      if (order !== 0) return order;
      i += 1;
      j += 1;
    }
    const left = numberAt(a, i);
    const right = numberAt(b, j);
    const order = left.digits.length - right.digits.length || (left.digits < right.digits ? -1 : 1);
    if (left.digits !== right.digits) return order;
    i = left.end;
    j = right.end;
  }
  return 0;
}

/** The digits from `start` without leading zeros, so that numbers of any length compare. */
function numberAt(text: string, start: number): { digits: string; end: number } {
  let first = Math.min(start, text.length);
  while (text.charCodeAt(first) === 0x30) first += 1;
  let end = first;
  while (isDigit(text.charCodeAt(end))) end += 1;
  return { digits: text.slice(first, end), end };
}
