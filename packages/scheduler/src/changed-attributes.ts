import { byCodeUnit, canonicalJson, type JsonValue } from "@imgbuild/graph";

type JsonObject = { readonly [key: string]: JsonValue };

/**
 * Names of the attributes in which two values differ, sorted: `config.Env`. Goes into objects that both have, never
 * into arrays: that an element of `config.Env` moved is of no use to anybody. Empty when equal.
 */
export function changedAttributes(before: JsonValue, after: JsonValue): readonly string[] {
  if (!isObject(before) || !isObject(after)) return [];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(byCodeUnit);
  return names.flatMap((name) => differences(name, { before: own(before, name), after: own(after, name) }));
}

function differences(
  name: string,
  values: { readonly before: JsonValue | undefined; readonly after: JsonValue | undefined },
): readonly string[] {
  const { before, after } = values;
  if (before === undefined || after === undefined) return [name];
  if (canonicalJson(before) === canonicalJson(after)) return [];
  const deeper = changedAttributes(before, after);
  return deeper.length === 0 ? [name] : deeper.map((inner) => `${name}.${inner}`);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
