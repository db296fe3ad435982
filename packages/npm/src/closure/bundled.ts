import { lookUp, ownerPath } from "../lock/install-path.ts";
import type { NpmLock, NpmLockEntry } from "../lock/lock-file.ts";

/**
 * For each install path of a package-lock, the install path of the package whose tarball holds it, or undefined when it
 * has a tarball of its own. What the *root or a workspace* bundles is marked `inBundle` too, but has its own tarball:
 * so the mark alone is not believed.
 */
export function tarballHolder(lock: NpmLock): (installPath: string) => string | undefined {
  const held = new Map<string, string | undefined>();
  const bundledBy = new Map<string, ReadonlySet<string>>();
  const holderOf = (installPath: string): string | undefined => {
    if (held.has(installPath)) return held.get(installPath);
    const found = search(installPath);
    held.set(installPath, found);
    return found;
  };
  const search = (installPath: string): string | undefined => {
    const entry = lock.packages.get(installPath);
    const owner = ownerPath(installPath);
    if (entry?.inBundle !== true || owner === undefined || ownerPath(owner) === undefined) return undefined;
    const outer = holderOf(owner);
    if (outer !== undefined) return outer;
    const ownerEntry = lock.packages.get(owner);
    if (ownerEntry === undefined) return undefined;
    const bundled = bundledBy.get(owner) ?? bundledIn(lock, ownerEntry);
    bundledBy.set(owner, bundled);
    return bundled.has(installPath) || entry.integrity === undefined ? owner : undefined;
  };
  return holderOf;
}

/** What is directly in the `node_modules` of a tarball: the named packages, and what these need and find there. */
function bundledIn(lock: NpmLock, owner: NpmLockEntry): ReadonlySet<string> {
  const inside = `${owner.installPath}/node_modules/`;
  const names =
    owner.bundles === "all" ? [...owner.dependencies.keys(), ...owner.optionalDependencies.keys()] : owner.bundles;
  const found = new Set([...names].map((name) => `${inside}${name}`).filter((path) => lock.packages.has(path)));
  for (const path of found) {
    const entry = lock.packages.get(path);
    if (entry === undefined) continue;
    const needs = [entry.dependencies, entry.optionalDependencies, entry.peerDependencies];
    for (const name of needs.flatMap((ranges) => [...ranges.keys()])) {
      const at = lookUp(path, name, (candidate) => lock.packages.has(candidate));
      if (at?.startsWith(inside)) found.add(at);
    }
  }
  return found;
}
