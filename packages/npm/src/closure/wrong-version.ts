import satisfies from "semver/functions/satisfies.js";
import validRange from "semver/ranges/valid.js";
import { lookUp } from "../lock/install-path.ts";
import type { NpmLock } from "../lock/lock-file.ts";

/**
 * The version that a lock has for a dependency of a package of the repository, where its range does not allow it, as after a merge by
 * hand; undefined where it does, and where a range says nothing of versions (tags, addresses, links).
 */
export function wrongVersion(lock: NpmLock, directory: string, [name, given]: readonly [string, string]) {
  const range = given.replace(/^npm:(?:@[^/]+\/)?[^@/]+@?/, "");
  if (range === "" || range === "*" || validRange(range, true) === null) return undefined;
  const found = lookUp(directory, name, (path) => lock.packages.has(path));
  const entry = found === undefined ? undefined : lock.packages.get(found);
  if (entry?.version === undefined || entry.link) return undefined;
  return satisfies(entry.version, range, true) ? undefined : entry.version;
}

/** The names that `overrides` of a package.json speaks of, however deep: other versions are wanted of them than ranges say. */
export function overriddenNames(overrides: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  const open = [overrides];
  for (const value of open) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
    for (const [key, inner] of Object.entries(value)) {
      names.add(key.replace(/(?!^)@.*$/, ""));
      open.push(inner);
    }
  }
  return names;
}
