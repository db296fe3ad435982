import { ImgbuildError } from "@imgbuild/errors";

/**
 * The one spelling of a JSON document: keys sorted by code unit, no spaces, `undefined` members left out, UTF-8. Equal
 * values give equal bytes whatever the order of their keys. Throws `internal` for a value that JSON cannot say.
 */
export function encodeDocument(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(sorted(value)), "utf8");
}

function sorted(value: unknown): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value === "object") {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    // A prototype-less object takes a member called "__proto__" like any other; numeric keys go first in every engine.
    const result = Object.create(null) as Record<string, unknown>;
    for (const [key, member] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) result[key] = sorted(member);
    return result;
  }
  throw new ImgbuildError("internal", `Cannot write ${String(value)} into a JSON document: JSON has no such value`);
}
