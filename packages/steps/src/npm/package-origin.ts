import type { Derivation, NpmPackageArgs } from "@imgbuild/graph";
import type { PackageSource } from "@imgbuild/npm";

/** A package of npm, as a derivation names it. */
export interface NpmPackage extends NpmPackageArgs {
  readonly source: PackageSource;
}

/** Reads a `npmPackage` derivation. */
export function npmPackageOf(derivation: Derivation): NpmPackage {
  return { ...(derivation.args as unknown as NpmPackageArgs), source: sourceOf(derivation.origin) };
}

function sourceOf(origin: string | undefined): PackageSource {
  const [, from, rest = ""] = /^(registry|url|file)\+(.*)$/s.exec(origin ?? "") ?? [];
  if (from === "url") return { from, url: rest };
  if (from === "file") return { from, path: rest };
  return { from: "registry", resolved: from === undefined ? undefined : rest };
}
