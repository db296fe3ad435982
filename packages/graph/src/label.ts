import { ImgbuildError } from "@imgbuild/errors";

/** An absolute name of a target: the default export of `<dir>/image.ts`, or its named export `name`. */
export interface Label {
  /** Directory of the definition, relative to the workspace; `""` is the workspace itself. */
  readonly dir: string;
  /** Null for the default export. */
  readonly name: string | null;
}

/** What somebody typed to name targets. */
export interface LabelPattern {
  /** As typed. */
  readonly text: string;
  /** A leading `-`: takes away instead of adding. */
  readonly exclude: boolean;
  /** `target`: one export. `package`: every export of one definition (`:*`). `subtree`: everything below (`...`). */
  readonly kind: "target" | "package" | "subtree";
  /** Relative to the workspace, when `absolute`; otherwise as typed, normalised, and may start with `..`. */
  readonly dir: string;
  readonly name: string | null;
  /** Whether it starts with `//`. */
  readonly absolute: boolean;
  /** A bare word such as `api` or `web/api`: also tried as the end of any directory. */
  readonly bare: boolean;
}

const EXPORT_NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** `//images/api` or `//images/api:debug`. The inverse of {@link parseLabel}. */
export function formatLabel(label: Label): string {
  return label.name === null ? `//${label.dir}` : `//${label.dir}:${label.name}`;
}

/** Parses an absolute label; `//images/api:default` is `//images/api`. Throws `usage`. */
export function parseLabel(text: string): Label {
  const pattern = parseLabelPattern(text);
  if (!pattern.absolute || pattern.exclude || pattern.kind !== "target") {
    throw wrong(text, 'wanted one target, such as "//images/api" or "//images/api:debug"');
  }
  return { dir: pattern.dir, name: pattern.name };
}

/** Parses a label or pattern as typed: absolute, relative to a directory, bare, with `...`, `:*` or a leading `-`. */
export function parseLabelPattern(text: string): LabelPattern {
  const exclude = text.startsWith("-");
  const body = exclude ? text.slice(1) : text;
  if (body === "") throw wrong(text, "it is empty");
  if (/[\p{Cc}\\]/u.test(body)) throw wrong(text, "it holds a backslash or a control character");
  const absolute = body.startsWith("//");
  if (!absolute && body.startsWith("/")) throw wrong(text, 'a path of the host, wanted a label such as "//images/api"');
  const colon = body.indexOf(":");
  const place = absolute ? body.slice(2, colon < 0 ? undefined : colon) : body.slice(0, colon < 0 ? undefined : colon);
  const exported = colon < 0 ? null : body.slice(colon + 1);
  const segments = normalise(place.replace(/(^|\/)image\.ts$/, "$1"), { text, absolute });
  const subtree = segments.at(-1) === "...";
  if (subtree) segments.pop();
  if (segments.includes("...")) throw wrong(text, '"..." stands only at the end');
  if (subtree && exported !== null && exported !== "*") throw wrong(text, '"..." takes no export name');
  const dir = segments.join("/");
  const bare = !absolute && !/^\.{1,2}(\/|$)/.test(place) && dir !== "";
  const common = { text, exclude, dir, absolute, bare };
  if (subtree) return { ...common, kind: "subtree", name: null, bare: false };
  if (exported === "*") return { ...common, kind: "package", name: null };
  return { ...common, kind: "target", name: exportName(exported, text) };
}

/** Whether a pattern, made absolute, names this label. A `target` pattern names exactly one. */
export function matchesLabel(pattern: Pick<LabelPattern, "kind" | "dir" | "name">, label: Label): boolean {
  if (pattern.kind === "target") return pattern.dir === label.dir && pattern.name === label.name;
  if (pattern.kind === "package") return pattern.dir === label.dir;
  return pattern.dir === "" || pattern.dir === label.dir || label.dir.startsWith(`${pattern.dir}/`);
}

function exportName(name: string | null, text: string): string | null {
  if (name === null || name === "default") return null;
  if (name === "") throw wrong(text, "the name after the colon is empty");
  if (!EXPORT_NAME.test(name)) throw wrong(text, `${JSON.stringify(name)} cannot be the name of an export`);
  return name;
}

function normalise(place: string, context: { readonly text: string; readonly absolute: boolean }): string[] {
  const out: string[] = [];
  for (const segment of place.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") out.push(segment);
    else if (out.length > 0 && out.at(-1) !== "..") out.pop();
    else if (context.absolute) throw wrong(context.text, "it leaves the workspace");
    else out.push("..");
  }
  return out;
}

function wrong(text: string, what: string): ImgbuildError {
  return new ImgbuildError("usage", `Cannot read the label ${JSON.stringify(text)}: ${what}`, {
    hint: 'Name a target as "//dir", "//dir:export", "//dir/..." or "./dir"; `imgbuild list` shows all',
  });
}
