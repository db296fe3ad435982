import type { JsonValue } from "@imgbuild/graph";
import { joinPath, type Problem, quote } from "./problem.ts";
import { recordOf } from "./source.ts";

const MAX_DEPTH = 200;

/** What a value is, in a few words for a message: `undefined`, `a function`, `the text "x"`, `an image`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined || typeof value === "boolean") return String(value);
  if (typeof value === "string") return `the string ${quote(value)}`;
  if (typeof value === "number") return Number.isFinite(value) ? `the number ${value}` : String(value);
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${quote(value.name)}`;
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  const record = recordOf(value);
  if (record !== undefined)
    return record.image === null ? `a ${record.value.kind}` : `the image ${quote(record.image.name)}`;
  if (isPlainObject(value)) return "an object";
  return `a ${className(value)}`;
}

/** Whether this is an object as `{…}` or `JSON.parse` make it. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * A deep copy of plain data, for keeping. What JSON cannot say (undefined, functions, dates, promises, NaN, class
 * instances, circles, holes) becomes a problem at its path, and `null` in the copy.
 */
export function copyPlain(value: unknown, path: string, problems: Problem[]): JsonValue {
  return copy(value, path, { problems, above: [] });
}

interface Walk {
  readonly problems: Problem[];
  readonly above: readonly object[];
}

function copy(value: unknown, path: string, walk: Walk): JsonValue {
  const { problems, above } = walk;
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return copyString(value, path, problems);
  if (typeof value === "number" && Number.isFinite(value)) return value === 0 ? 0 : value;
  const bad = (text: string, hint?: string) => {
    problems.push({ path, text, hint, missing: value === undefined });
    return null;
  };
  if (typeof value !== "object") return bad(`is ${describeValue(value)}, wanted plain data`, hintFor(value));
  if (above.includes(value)) return bad("holds itself, wanted plain data");
  if (above.length >= MAX_DEPTH) return bad(`is nested more than ${MAX_DEPTH} deep`);
  const inner: Walk = { problems, above: [...above, value] };
  if (Array.isArray(value)) return Array.from(value, (member, i) => copy(member, joinPath(path, i), inner));
  if (recordOf(value) !== undefined || !isPlainObject(value)) {
    return bad(`is ${describeValue(value)}, wanted plain data`, hintFor(value));
  }
  if (Object.getOwnPropertySymbols(value).length > 0) return bad("has a key that is a symbol, wanted plain data");
  if (Object.hasOwn(value, "__proto__")) return bad('has a key named "__proto__", wanted plain data');
  return Object.fromEntries(Object.keys(value).map((key) => [key, copy(value[key], joinPath(path, key), inner)]));
}

function copyString(value: string, path: string, problems: Problem[]): string {
  if (/\p{Surrogate}/u.test(value)) {
    problems.push({ path, text: "holds half of a surrogate pair, wanted text that UTF-8 can say" });
  }
  return value;
}

function hintFor(value: unknown): string | undefined {
  if (typeof value === "function") return "Call the function and give its result";
  if (Object.prototype.toString.call(value) === "[object Promise]") return "Definitions are synchronous: remove async";
  if (Object.prototype.toString.call(value) === "[object Date]") return "Write the date as text";
  return undefined;
}

function className(value: object): string {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag !== "Object") return tag;
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name;
  return typeof name === "string" && name !== "" ? `class instance (${name})` : "class instance";
}
