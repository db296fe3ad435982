/** The name of a variable: what is before the first `=`; the whole entry when there is none. */
function nameOf(entry: string): string {
  const equals = entry.indexOf("=");
  return equals < 0 ? entry : entry.slice(0, equals);
}

/** Joins lists of `NAME=value`: one entry a variable, at the place where it comes first, with the value that comes last. */
export function mergeEnv(...lists: readonly (readonly string[] | null | undefined)[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of lists.flatMap((list) => list ?? [])) merged.set(nameOf(entry), entry);
  return [...merged.values()];
}
