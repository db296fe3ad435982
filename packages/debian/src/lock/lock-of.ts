import type { Resolution } from "../resolve/resolve.ts";
import type { LockedPackage } from "./lock.ts";

/** The lock's entries for what was chosen. Throws `invalid-archive` where an index lacks path, size or SHA-256. */
export function lockedPackages(resolution: Resolution): readonly LockedPackage[] {
  return resolution.packages.map(({ entry, depends }) => ({
    name: entry.name,
    version: entry.version,
    architecture: entry.architecture,
    suite: entry.origin.suite,
    ...entry.file,
    depends,
  }));
}
