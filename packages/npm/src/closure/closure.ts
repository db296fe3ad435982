import type { Bins } from "../lock/bins.ts";
import type { PlatformLimits } from "../lock/lock-file.ts";

/** Where the bytes of a third-party package come from. */
export type PackageSource =
  /** The registry of the package's scope, by name and version. `resolved` is the address in the lock, if it has one. */
  | { readonly from: "registry"; readonly resolved: string | undefined }
  /** A tarball at an address that no registry answers for. */
  | { readonly from: "url"; readonly url: string }
  /** A tarball of the workspace, relative to the root of the lock. */
  | { readonly from: "file"; readonly path: string };

/** A package whose tarball is fetched. */
export interface PackageUnit extends PlatformLimits {
  readonly kind: "package";
  /** Identity within the closure: its directory relative to the root of the lock. */
  readonly installPath: string;
  /** Its own name, which differs from that of the directory for an alias. */
  readonly name: string;
  readonly version: string;
  /** The strongest hashes of the tarball, `algorithm-base64`; several (any may match) separated by spaces. */
  readonly integrity: string;
  readonly source: PackageSource;
  /** Empty for pnpm: its lock does not say (`hasBin` does); read them from the package.json. */
  readonly bins: Bins;
  readonly hasBin: boolean;
  /** Undefined for pnpm: its lock does not say; look at `scripts` of the package.json. */
  readonly hasInstallScript: boolean | undefined;
  /** Whether it is there only because of optional dependencies: it may fail to install. */
  readonly optional: boolean;
}

/** A package of the workspace: its files are read where they are, without `node_modules` and other workspaces. */
export interface FirstPartyUnit {
  readonly kind: "first-party";
  /** Identity within the closure; equal to `directory` unless a copy of it is installed (pnpm, `injected`). */
  readonly installPath: string;
  /** Relative to the root of the lock; `""` is the root. */
  readonly directory: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly bins: Bins;
  readonly optional: boolean;
}

/** One part of a closure. */
export type Unit = PackageUnit | FirstPartyUnit;

/** A package that comes inside the tarball of another: listed for bills of material, fetched by nobody. */
export interface BundledPackage {
  readonly installPath: string;
  readonly name: string;
  readonly version: string | undefined;
  /** The install path of the unit whose tarball holds it. */
  readonly within: string;
}

/** A symbolic link of the installed tree; both relative to the root of the lock. */
export interface TreeLink {
  readonly path: string;
  /** A directory or file of the tree; write the link relative to its own directory. */
  readonly target: string;
}

/** That one unit needs another; both by install path. */
export interface UnitEdge {
  readonly from: string;
  readonly to: string;
  /** True when `from` works without `to`. */
  readonly optional: boolean;
}

/** All that one workspace needs at run time on one platform. Plain data, sorted by code unit throughout. */
export interface Closure {
  /** Directory of the workspace; `""` is the root. */
  readonly workspace: string;
  readonly units: readonly Unit[];
  readonly bundled: readonly BundledPackage[];
  /** Links to packages: workspaces in `node_modules`, and all of pnpm's tree. */
  readonly links: readonly TreeLink[];
  /** Links in `node_modules/.bin`. Their targets must be made executable. */
  readonly binLinks: readonly TreeLink[];
  /**
   * For pnpm: links to packages with commands whose names only their package.json has; `.bin` links belong beside each
   * ({@link readBins}, {@link binLinksOf}). Packages themselves find no commands: pnpm gives them wrappers, which only scripts use.
   */
  readonly unnamedBins: readonly TreeLink[];
  readonly edges: readonly UnitEdge[];
  /** Sentences for the user, e.g. about a missing peer. */
  readonly warnings: readonly string[];
}
