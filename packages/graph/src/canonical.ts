import { hash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";
import type { JsonValue } from "./json.ts";

/**
 * The canonical encoding: JSON without white space, object keys sorted by UTF-16 code unit. Equal values have equal
 * encodings whatever the order in which they were built. Throws `internal` on what is no JSON value.
 */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const object = value as { readonly [key: string]: JsonValue };
    const members = Object.keys(object)
      .sort(byCodeUnit)
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] as JsonValue)}`);
    return `{${members.join(",")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) throw notJson(value);
  if (!["string", "number", "boolean"].includes(typeof value) && value !== null) throw notJson(value);
  return JSON.stringify(value);
}

/** Order of strings by UTF-16 code unit: the same on every machine, unlike `localeCompare`. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** sha256, in hex, of a domain name and parts, each length-prefixed so that no two lists of parts collide. */
export function hashParts(domain: string, parts: readonly string[]): string {
  let text = `${Buffer.byteLength(domain)}:${domain}`;
  for (const part of parts) text += `${Buffer.byteLength(part)}:${part}`;
  return hash("sha256", text, "hex");
}

function notJson(value: unknown): ImgbuildError {
  return new ImgbuildError("internal", `Internal error: cannot encode ${String(value)}: it is no JSON value`);
}
