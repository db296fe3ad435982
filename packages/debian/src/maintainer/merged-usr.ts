import type { Link } from "./alternatives.ts";

const ALWAYS = ["bin", "lib", "sbin"];
const WHERE_USED = ["lib32", "lib64", "libo32", "libx32"];

/** The path that a package's member has on a merged `/usr`: `bin/sh` → `usr/bin/sh`. The directory `bin` itself too. */
export function mergedUsrPath(path: string): string {
  const slash = path.indexOf("/");
  const first = slash === -1 ? path : path.slice(0, slash);
  return ALWAYS.includes(first) || WHERE_USED.includes(first) ? `usr/${path}` : path;
}

/**
 * The links of a merged `/usr` (`bin` → `usr/bin`), sorted: always for bin, lib and sbin, for lib64 and its like where
 * packages have files there. `paths` are the members' paths before or after {@link mergedUsrPath}.
 */
export function mergedUsrLinks(paths: Iterable<string>): readonly Link[] {
  const wanted = new Set(ALWAYS);
  for (const path of paths) {
    const [top, first = ""] = mergedUsrPath(path).split("/", 2);
    if (top === "usr" && WHERE_USED.includes(first)) wanted.add(first);
  }
  return [...wanted].sort().map((path) => ({ path, target: `usr/${path}` }));
}
