import { describeValue } from "./plain.ts";
import type { Problem } from "./problem.ts";
import { isImage, isSource, type Source } from "./source.ts";

/** A source value as it is; undefined and a problem for anything else, with a hint for the likely mistakes. */
export function readSourceValue(value: unknown, at: { path: string; problems: Problem[] }): Source | undefined {
  if (isSource(value)) return value;
  const text = `is ${describeValue(value)}, wanted a path, or a value that stands for files, such as one of path, text, tree or merge`;
  at.problems.push({ path: at.path, text, hint: hintFor(value), missing: value === undefined });
  return undefined;
}

function hintFor(value: unknown): string | undefined {
  if (isImage(value)) return "Give an image as fromImage: its layers are then below the new one";
  if (Array.isArray(value)) return "Unite several sources with merge([…])";
  if (typeof value === "function") return "Call the function and give its result";
  if (typeof value !== "object" || value === null) return undefined;
  const { kind } = value as { readonly kind?: unknown };
  if (typeof kind === "string") return "Give the value itself: a copy ({...value}) is not one";
  return 'Place files with tree({ "/dest": source })';
}
