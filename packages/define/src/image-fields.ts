import { didYouMean, type ImageArgs } from "@imgbuild/graph";
import { formatReference, isTag, parseReference } from "@imgbuild/oci";
import { CONFIG_KEYS } from "./config-names.ts";
import { describeValue } from "./plain.ts";
import { joinPath, type Problem, quote } from "./problem.ts";

const ARCHITECTURES = [
  "386",
  "amd64",
  "arm",
  "arm64",
  "loong64",
  "mips",
  "mips64",
  "mips64le",
  "mipsle",
  "ppc64",
  "ppc64le",
  "riscv64",
  "s390x",
  "wasm",
] as const;

const OTHER_NAMES: Readonly<Record<string, string>> = {
  x64: "amd64",
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  x86: "386",
  i386: "386",
  i686: "386",
  ia32: "386",
  armhf: "arm/v7",
  armv7l: "arm/v7",
  armv6l: "arm/v6",
};

/** Docker's limit for the whole name, with the registry. */
const MAX_NAME = 255;

/** The name of an image, as written. Its lower-case form must be a repository, with or without a registry. */
export function readName(value: unknown, problems: Problem[]): string {
  if (typeof value !== "string") {
    const what = value === undefined ? "is missing" : `is ${describeValue(value)}`;
    problems.push({ path: "name", text: `${what}, wanted a repository name such as "app"` });
    return "";
  }
  const lower = value.toLowerCase();
  if (lower.length > MAX_NAME || /^[0-9a-f]{64}$/.test(lower)) {
    const what = lower.length > MAX_NAME ? `has ${lower.length} characters` : "looks like the ID of an image";
    problems.push({ path: "name", text: `${what}, wanted a name that Docker takes`, hint: "Give it a shorter name" });
    return value;
  }
  try {
    const reference = parseReference(lower);
    if (reference.tag === undefined && reference.digest === undefined && formatReference(reference) === lower)
      return value;
  } catch {
    // said below
  }
  const hint = /:[\w.-]+$/.test(value)
    ? 'Give the tag as its own attribute: tag: "…"'
    : "Use letters, digits, and single . _ - / between them";
  problems.push({ path: "name", text: `is ${describeValue(value)}, wanted a repository name such as "app"`, hint });
  return value;
}

/** A tag, or null for the input hash. */
export function readTag(value: unknown, path: string, problems: Problem[]): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && isTag(value)) return value;
  const text = `is ${describeValue(value)}, wanted a tag: at most 128 letters, digits, ".", "_" or "-"`;
  problems.push({ path, text, hint: typeof value === "number" ? `Write it as text: "${value}"` : undefined });
  return null;
}

/** `arm64`, or `arm/v7` with a variant; undefined when not given. */
export function readArchitecture(
  value: unknown,
  problems: Problem[],
): { readonly architecture: string; readonly variant: string | null } | undefined {
  if (value === undefined) return undefined;
  const match = typeof value === "string" ? /^([^/]+)(?:\/(v\d+))?$/.exec(value) : null;
  const architecture = match?.[1] ?? "";
  if (ARCHITECTURES.some((known) => known === architecture)) return { architecture, variant: match?.[2] ?? null };
  const written = typeof value === "string" ? value.toLowerCase().replace(/^linux\//, "") : "";
  const other = Object.hasOwn(OTHER_NAMES, written) ? OTHER_NAMES[written] : undefined;
  const near = typeof value === "string" && other === undefined ? didYouMean(value, ARCHITECTURES) : "";
  const text = `is ${describeValue(value)}, wanted an architecture as Go names it, such as "amd64" or "arm64"${near}`;
  problems.push({ path: "architecture", text, hint: other === undefined ? undefined : `Write ${quote(other)}` });
  return undefined;
}

/** `linux/arm64`, `linux/arm/v7`; undefined where the base decides. */
export function platformText({
  os,
  architecture,
  variant,
}: Pick<ImageArgs, "os" | "architecture" | "variant">): string | undefined {
  if (architecture === null) return undefined;
  return [os, architecture, ...(variant === null ? [] : [variant])].join("/");
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](\d\d):(\d\d)))?$/;

/** RFC 3339, or `now`; a date alone is midnight UTC. */
export function readCreated(value: unknown, problems: Problem[], path = "created"): string {
  if (value === undefined) return "1970-01-01T00:00:01Z";
  if (value === "now") return "now";
  const match = typeof value === "string" ? DATE.exec(value) : null;
  const [year = 0, month = 0, day = 0, ...clock] = (match ?? []).slice(1).map((part) => Number(part ?? 0));
  const limits = [23, 59, 59, 23, 59];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  const good =
    month >= 1 && month <= 12 && day >= 1 && day <= days && clock.every((part, i) => part <= (limits[i] ?? 0));
  if (match !== null && good) return match[4] === undefined ? `${match[0]}T00:00:00Z` : match[0];
  const text = `is ${describeValue(value)}, wanted a time such as "2026-01-31T12:00:00Z", or "now"`;
  problems.push({ path, text });
  return "1970-01-01T00:00:01Z";
}

/** Names of config keys; `"all"` where that is allowed. */
export function readKeyNames(value: unknown, at: { path: string; all: boolean; problems: Problem[] }): string[] {
  const { path, all, problems } = at;
  if (value === undefined || value === null) return [];
  if (all && value === "all") return ["all"];
  if (!Array.isArray(value)) {
    const wanted = `an array of config keys such as ["User"]${all ? ', or "all"' : ""}`;
    problems.push({ path, text: `is ${describeValue(value)}, wanted ${wanted}` });
    return [];
  }
  const names = Array.from(value as unknown[], (name, i) => {
    if (CONFIG_KEYS.some((key) => key === name)) return String(name);
    const near = typeof name === "string" ? didYouMean(name, CONFIG_KEYS) : "";
    const text = `is ${describeValue(name)}, wanted a config key${near}`;
    problems.push({ path: joinPath(path, i), text, hint: `Use only ${CONFIG_KEYS.join(", ")}` });
    return "";
  });
  return [...new Set(names)].sort();
}
