import type { Bins } from "../lock/bins.ts";
import { byCodeUnit } from "../lock/by-code-unit.ts";
import { modulesDirectory } from "../lock/install-path.ts";
import type { TreeLink } from "./closure.ts";

/** A directory in some `node_modules` (a package or a link to one) with the commands it brings. */
export interface BinOwner {
  readonly path: string;
  readonly bins: Bins;
}

/**
 * The links in `node_modules/.bin` that npm makes. When two packages of one `node_modules` bring the same command, the
 * first by path has it, as with npm. Sorted by path.
 */
export function binLinksOf(owners: readonly BinOwner[]): TreeLink[] {
  const links = new Map<string, string>();
  for (const { path, bins } of [...owners].sort((a, b) => byCodeUnit(a.path, b.path))) {
    const modules = modulesDirectory(path);
    if (modules === undefined) continue;
    for (const [command, file] of bins) {
      const at = `${modules}/.bin/${command}`;
      if (!links.has(at)) links.set(at, `${path}/${file}`);
    }
  }
  return [...links].map(([path, target]) => ({ path, target })).sort((a, b) => byCodeUnit(a.path, b.path));
}
