import type { Derivation, NpmPackageArgs } from "@imgbuild/graph";
import type { PackageSource } from "@imgbuild/npm";

/** A package of npm, as a derivation names it. */
export interface NpmPackage extends NpmPackageArgs {
  readonly source: PackageSource;
  /** Directory of its lock, relative to the workspace: npm reads the .npmrc there. */
  readonly lockRoot: string;
}

/** Reads a `npmPackage` derivation. */
export function npmPackageOf(derivation: Derivation): NpmPackage {
  const [, from, directory = "", rest = ""] =
    /^(registry|url|file)(?:@([^+]*))?\+(.*)$/s.exec(derivation.origin ?? "") ?? [];
  const args = derivation.args as unknown as NpmPackageArgs;
  return { ...args, source: sourceOf(from, rest), lockRoot: decodeURIComponent(directory) };
}

function sourceOf(from: string | undefined, rest: string): PackageSource {
  if (from === "url") return { from, url: rest };
  if (from === "file") return { from, path: rest };
  return { from: "registry", resolved: rest === "" ? undefined : rest };
}
