import { ImgbuildError } from "@imgbuild/errors";
import { parseControl } from "../text/control.ts";
import type { Stanza } from "../text/stanza.ts";

/** A place that packages come from, as apt is configured (sources.list(5)). */
export interface AptSource {
  readonly types: readonly string[];
  readonly uris: readonly string[];
  /** Suites, or exact paths that end in `/` (flat archives, which have no components). */
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Empty: the machine's own. */
  readonly architectures: readonly string[];
  /** Paths of keyrings, fingerprints, or one armored key block. Empty: the machine's trusted keys. */
  readonly signedBy: readonly string[];
  /** `[trusted=yes]`: apt would not check signatures. */
  readonly trusted: boolean;
  /** `Check-Valid-Until: no`. */
  readonly checkValidUntil: boolean;
}

/**
 * Parses one-line (`sources.list`) or deb822 (`.sources`) text by its look; disabled entries are left out. `file` names
 * it in errors: throws `invalid-archive` with file and line for what apt would refuse too.
 */
export function parseAptSources(text: string, file: string): readonly AptSource[] {
  const first = text.split("\n").find((line) => line.trim() !== "" && !line.trim().startsWith("#"));
  if (first === undefined) return [];
  return /^\s*(deb|deb-src)\s/.test(first) ? parseOneLine(text, file) : parseDeb822(text, file);
}

function parseOneLine(text: string, file: string): readonly AptSource[] {
  const sources: AptSource[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/#.*$/, "").trim();
    if (line === "") continue;
    const match = /^(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S.*)$/.exec(line);
    if (match === null)
      throw sourceError(`line ${index + 1} of ${file}`, 'wanted "deb [options] uri suite components"');
    const [, type = "", options = "", rest = ""] = match;
    const [uri = "", suite, ...components] = splitWords(rest);
    const fields = optionFields(options, `line ${index + 1} of ${file}`);
    fields.set("types", type);
    fields.set("uris", uri);
    fields.set("suites", suite ?? "");
    fields.set("components", components.join(" "));
    sources.push(sourceOf((name) => fields.get(name), `line ${index + 1} of ${file}`));
  }
  return sources;
}

function optionFields(options: string, where: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const option of splitWords(options)) {
    const [, name, value] = /^([A-Za-z-]+)[+-]?=(.*)$/.exec(option) ?? [];
    if (name === undefined || value === undefined)
      throw sourceError(where, `the option "${option}" is no "name=value"`);
    fields.set(ONE_LINE_NAMES[name] ?? name, value.replaceAll(",", " "));
  }
  return fields;
}

const ONE_LINE_NAMES: Readonly<Record<string, string>> = { arch: "architectures" };

function parseDeb822(text: string, file: string): readonly AptSource[] {
  return parseControl(text, file)
    .filter((stanza) => !isNo(stanza.get("Enabled")))
    .map((stanza, index) => sourceOf((name) => fieldOf(stanza, name), `entry ${index + 1} of ${file}`));
}

function fieldOf(stanza: Stanza, name: string): string | undefined {
  return name === "signed-by" ? stanza.get(name) : stanza.folded(name);
}

function sourceOf(get: (name: string) => string | undefined, where: string): AptSource {
  const words = (name: string): readonly string[] => splitWords(get(name) ?? "");
  const source: AptSource = {
    types: words("types"),
    uris: words("uris"),
    suites: words("suites"),
    components: words("components"),
    architectures: words("architectures"),
    signedBy: signedBy(get("signed-by") ?? ""),
    trusted: isYes(get("trusted")),
    checkValidUntil: !isNo(get("check-valid-until")),
  };
  if (source.types.length === 0 || source.types.some((type) => type !== "deb" && type !== "deb-src")) {
    throw sourceError(where, `its types are "${source.types.join(" ")}", wanted deb or deb-src`);
  }
  if (source.uris.length === 0 || source.uris.some((uri) => !/^[a-z][a-z0-9+.-]*:/i.test(uri))) {
    throw sourceError(where, "it has no URI");
  }
  if (source.suites.length === 0) throw sourceError(where, "it has no suite");
  const flat = source.suites.filter((suite) => suite.endsWith("/")).length;
  if (source.components.length === 0 && flat < source.suites.length) throw sourceError(where, "it has no component");
  if (source.components.length > 0 && flat > 0) throw sourceError(where, 'a suite that ends in "/" has no components');
  return source;
}

/** A key may stand in the field itself, as lines where ` .` is an empty one. */
function signedBy(value: string): readonly string[] {
  if (!value.includes("-----BEGIN PGP PUBLIC KEY BLOCK-----")) return splitWords(value);
  const lines = value.split("\n").map((line) => line.trim());
  return [
    `${lines
      .map((line) => (line === "." ? "" : line))
      .join("\n")
      .trim()}\n`,
  ];
}

function splitWords(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function isNo(value: string | undefined): boolean {
  return value !== undefined && /^(no|false|0|off|without|disable)$/i.test(value);
}

function isYes(value: string | undefined): boolean {
  return value !== undefined && /^(yes|true|1|on|with|enable)$/i.test(value);
}

function sourceError(where: string, reason: string): ImgbuildError {
  return new ImgbuildError("invalid-archive", `Cannot read ${where}: ${reason}`);
}
