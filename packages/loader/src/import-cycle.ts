import type { Bundle } from "./bundle.ts";

/** The shortest circle of imports through `file`: it comes first and last. Undefined when there is none. */
export function importCycle(imports: Bundle["imports"], file: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const waiting = [file];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    for (const { path } of imports.get(next) ?? []) {
      if (path === file) return [...trail(cameFrom, file, next), file];
      if (cameFrom.has(path)) continue;
      cameFrom.set(path, next);
      waiting.push(path);
    }
  }
  return undefined;
}

function trail(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const out = [end];
  for (let at = end; at !== start; ) {
    at = cameFrom.get(at) ?? start;
    out.unshift(at);
  }
  return out;
}
