import { describeValue } from "../plain.ts";
import type { Problem } from "../problem.ts";
import { quote } from "../problem.ts";

const SIZES: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64 };

const WANTED = 'wanted "sha256-" and base64, "sha256:" and hex digits, or the hex digits alone (sha512 likewise)';

/** A hash of a file as a definition gives it. */
export interface GivenHash {
  /** `sha256:` and hex digits: one text for one hash, however it was written. Empty when it is to be found out. */
  readonly hash: string;
  /** As messages should say it: the form in which it was written. */
  readonly written: string;
}

/** The attribute `hash`. */
export function readHash(value: unknown, problems: Problem[]): GivenHash {
  const nothing = { hash: "", written: "" };
  if (value === "") return nothing;
  const path = "hash";
  if (typeof value !== "string") {
    const hint = 'Write hash: "" and build: the error then names the hash that the download has';
    problems.push({
      path,
      text: value === undefined ? `is missing, ${WANTED}` : `is ${describeValue(value)}, ${WANTED}`,
      hint,
    });
    return nothing;
  }
  const text = value.trim();
  const [, algorithm = "", mark = "", rest = ""] = /^(?:(\w+)([:-]))?(.*)$/s.exec(text) ?? [];
  if (/^(md5|sha1)$/i.test(algorithm) || (algorithm === "" && /^([0-9a-f]{32}|[0-9a-f]{40})$/i.test(rest))) {
    problems.push({
      path,
      text: `= ${quote(text)} is too weak, ${WANTED}`,
      hint: "Ask the publisher for a sha256, or take it of a file that you trust",
    });
    return nothing;
  }
  const found = algorithm === "" ? bareHex(rest) : prefixed(algorithm, mark, rest);
  if (found === undefined) problems.push({ path, text: `= ${quote(text)} is no hash, ${WANTED}` });
  return found ?? nothing;
}

function bareHex(digits: string): GivenHash | undefined {
  const algorithm = Object.keys(SIZES).find((name) => (SIZES[name] ?? 0) * 2 === digits.length);
  return algorithm === undefined ? undefined : prefixed(algorithm, ":", digits);
}

function prefixed(algorithm: string, mark: string, rest: string): GivenHash | undefined {
  const size = Object.hasOwn(SIZES, algorithm) ? SIZES[algorithm] : undefined;
  if (size === undefined) return undefined;
  if (rest.length === size * 2 && /^[0-9a-f]+$/i.test(rest)) {
    const hash = `${algorithm}:${rest.toLowerCase()}`;
    return { hash, written: hash };
  }
  const hex = mark === "-" ? hexOfBase64(rest) : undefined;
  return hex?.length === size * 2
    ? { hash: `${algorithm}:${hex}`, written: `${algorithm}-${padded(rest)}` }
    : undefined;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function padded(text: string): string {
  const bare = text.replace(/=+$/, "");
  return bare.padEnd(Math.ceil(bare.length / 4) * 4, "=");
}

/** A definition has neither Buffer nor atob. Undefined for what is no base64. */
function hexOfBase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  let hex = "";
  let [bits, value] = [0, 0];
  for (const digit of text.replace(/=+$/, "")) {
    value = (value << 6) | DIGITS.indexOf(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    hex += ((value >> bits) & 0xff).toString(16).padStart(2, "0");
    value &= (1 << bits) - 1;
  }
  // What is left over of the last digit must say nothing, or two texts would be one hash.
  return value === 0 ? hex : undefined;
}
