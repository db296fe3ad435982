import { didYouMean } from "@imgbuild/graph";
import { describeValue, isPlainObject } from "./plain.ts";
import { joinPath, type Problem } from "./problem.ts";

/** Reads the options object of a call: `{}` when left out. Unknown and undefined attributes become problems. */
export function readOptions(
  value: unknown,
  allowed: readonly string[],
  problems: Problem[],
): Readonly<Record<string, unknown>> {
  if (!isPlainObject(value)) {
    const text = `is ${describeValue(value)}, wanted an object of attributes`;
    problems.push({ path: "", text, missing: value === undefined });
    return {};
  }
  const known: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const attribute = value[key];
    if (!allowed.includes(key)) problems.push(unknownAttribute(key, allowed));
    else if (attribute === undefined) problems.push({ path: key, text: "is undefined", missing: true });
    else known[key] = attribute;
  }
  return known;
}

function unknownAttribute(key: string, allowed: readonly string[]): Problem {
  return {
    path: joinPath("", key),
    text: `is no attribute${didYouMean(key, allowed)}`,
    hint: `Use only ${allowed.join(", ")}`,
  };
}

/** An integer from 0 to `max`; `fallback` when left out; a problem and `fallback` otherwise. */
export function readInteger<T>(
  value: unknown,
  fallback: T,
  at: { readonly path: string; readonly max: number; readonly wanted: string; readonly problems: Problem[] },
): number | T {
  if (value === undefined || value === fallback) return fallback;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= at.max) return value;
  at.problems.push({ path: at.path, text: `is ${describeValue(value)}, wanted ${at.wanted}` });
  return fallback;
}

/**
 * Permission bits, or null. A mode written in decimal by mistake is refused: 755 is 0o1363, which nobody wants.
 */
export function readMode(value: unknown, problems: Problem[]): number | null {
  if (typeof value === "number" && value >= 0o1000 && value <= 777 && /^[0-7]{3}$/.test(String(value))) {
    const text = `is ${value}, which is 0o${value.toString(8)} in octal`;
    problems.push({ path: "mode", text, hint: `Write 0o${value}` });
    return null;
  }
  return readInteger(value, null, { path: "mode", max: 0o7777, wanted: "permission bits such as 0o755", problems });
}

/** A user or group id, or the fallback. */
export function readId<T>(value: unknown, fallback: T, at: { path: string; problems: Problem[] }): number | T {
  return readInteger(value, fallback, { ...at, max: 4_294_967_294, wanted: "an id from 0 to 4294967294" });
}

/** True or false. */
export function readFlag(
  value: unknown,
  at: { readonly path: string; readonly fallback: boolean; readonly problems: Problem[] },
): boolean {
  if (value === undefined) return at.fallback;
  if (typeof value === "boolean") return value;
  at.problems.push({ path: at.path, text: `is ${describeValue(value)}, wanted true or false` });
  return at.fallback;
}

/** One of a few words. */
export function readChoice<T extends string>(
  value: unknown,
  choices: readonly [T, ...T[]],
  at: { readonly path: string; readonly fallback: T; readonly problems: Problem[] },
): T {
  if (value === undefined) return at.fallback;
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const near = typeof value === "string" ? didYouMean(value, choices) : "";
  const wanted = choices.map((choice) => JSON.stringify(choice)).join(" or ");
  at.problems.push({ path: at.path, text: `is ${describeValue(value)}, wanted ${wanted}${near}` });
  return at.fallback;
}

/** A list of strings, each not empty; one string stands for a list of one. */
export function readStrings(value: unknown, path: string, problems: Problem[]): string[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return Array.from(list, (member, i) => {
    if (typeof member === "string" && member !== "" && !member.includes("\0")) return member;
    const where = Array.isArray(value) ? joinPath(path, i) : path;
    const text = `is ${describeValue(member)}, wanted a string that is not empty`;
    problems.push({ path: where, text, missing: member === undefined });
    return "";
  });
}
