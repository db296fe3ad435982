import type { ImgbuildError } from "@imgbuild/errors";

/**
 * A value of unknown shape with the place where it stands. Every reader either gives the wanted type or fails naming
 * the place. Objects become Maps, so that keys such as `__proto__` are keys like any other.
 */
export interface Shape {
  readonly value: unknown;
  /** E.g. `packages["node_modules/x"].integrity`. */
  readonly place: string;
  readonly fail: (what: string) => ImgbuildError;
}

/** The members of an object (plain or Map); empty when the value is absent. */
export function members(shape: Shape): ReadonlyMap<string, Shape> {
  const { value } = shape;
  if (value === undefined || value === null) return new Map();
  if (typeof value !== "object" || Array.isArray(value)) throw wrong(shape, "an object");
  const pairs: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  const found = new Map<string, Shape>();
  for (const [key, member] of pairs) {
    const name = String(key);
    const step = /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
    const place = shape.place === "" ? step.replace(/^\./, "") : shape.place + step;
    found.set(name, { value: member, place, fail: shape.fail });
  }
  return found;
}

/** A string, or undefined when absent. */
export function optionalText(shape: Shape | undefined): string | undefined {
  if (shape === undefined || shape.value === undefined || shape.value === null) return undefined;
  if (typeof shape.value !== "string") throw wrong(shape, "a string");
  return shape.value;
}

/** True only for `true`; absent is false. */
export function flag(shape: Shape | undefined): boolean {
  if (shape === undefined || shape.value === undefined || shape.value === null) return false;
  if (typeof shape.value !== "boolean") throw wrong(shape, "true or false");
  return shape.value;
}

/** A list of strings; one string stands for a list of it, as npm reads it; empty when absent. */
export function textList(shape: Shape | undefined): readonly string[] {
  if (shape === undefined || shape.value === undefined || shape.value === null) return [];
  const list: unknown = typeof shape.value === "string" ? [shape.value] : shape.value;
  if (!Array.isArray(list)) throw wrong(shape, "a list of strings");
  return list.map((item: unknown) => {
    if (typeof item !== "string") throw wrong(shape, "a list of strings");
    return item;
  });
}

/** The patterns of a field `workspaces`: a list, or an object with the list as `packages`. */
export function workspacePatterns(shape: Shape | undefined): readonly string[] {
  const { value } = shape ?? {};
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return textList(isObject && shape !== undefined ? members(shape).get("packages") : shape);
}

/** A map of strings to strings; empty when absent. */
export function textMap(shape: Shape | undefined): ReadonlyMap<string, string> {
  if (shape === undefined) return new Map();
  const found = new Map<string, string>();
  for (const [key, member] of members(shape)) {
    if (typeof member.value !== "string") throw wrong(member, "a string");
    found.set(key, member.value);
  }
  return found;
}

function wrong(shape: Shape, wanted: string): ImgbuildError {
  const shown = JSON.stringify(shape.value) ?? String(shape.value);
  const short = shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
  return shape.fail(`${shape.place || "the document"} is ${short}, wanted ${wanted}`);
}
