import type { Bins } from "./bins.ts";
import type { LockSource } from "./lock-source.ts";

/** What a package says it runs on, in npm's words (`linux`, `x64`, `musl`, `!win32`); empty lists mean any. */
export interface PlatformLimits {
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc: readonly string[];
}

/** Package name → range or specifier, as written. */
export type Ranges = ReadonlyMap<string, string>;

/** What a package or workspace asks for. A name in `optionalDependencies` is not in `dependencies` too. */
export interface Wanted {
  readonly dependencies: Ranges;
  readonly devDependencies: Ranges;
  readonly optionalDependencies: Ranges;
  readonly peerDependencies: Ranges;
  /** Names that may be missing where `peerDependencies` has them (`peerDependenciesMeta`); npm asks for no others. */
  readonly optionalPeers: ReadonlySet<string>;
}

/** One entry of `packages` in a package-lock: a directory of the installed tree. */
export interface NpmLockEntry extends Wanted, PlatformLimits {
  /** Relative to the root of the lock; `""` is the root itself. */
  readonly installPath: string;
  /** The package's own name, which differs from the directory for an alias. */
  readonly name: string;
  readonly version: string | undefined;
  readonly resolved: string | undefined;
  readonly integrity: string | undefined;
  /** A symbolic link; `resolved` is the directory it points to, relative to the root of the lock. */
  readonly link: boolean;
  readonly inBundle: boolean;
  readonly optional: boolean;
  /** Left over in the lock: npm installs it for nobody. */
  readonly extraneous: boolean;
  /** Patterns of workspaces; of the root only. */
  readonly workspaces: readonly string[];
  readonly hasInstallScript: boolean;
  /** Names of dependencies that the package's own tarball holds; `"all"` for every one. */
  readonly bundles: ReadonlySet<string> | "all";
  readonly bins: Bins;
}

/** A package-lock.json or npm-shrinkwrap.json of lockfileVersion 2 or 3. */
export interface NpmLock {
  readonly kind: "npm";
  readonly source: LockSource;
  readonly lockfileVersion: 2 | 3;
  /** By install path. */
  readonly packages: ReadonlyMap<string, NpmLockEntry>;
}

/** How one dependency of a pnpm importer was resolved. */
export interface PnpmDependency {
  /** As in package.json. */
  readonly specifier: string;
  /** `4.17.21`, `1.0.0(react@18.0.0)`, `lodash@4.17.21` for an alias, `link:../shared`, … */
  readonly version: string;
}

/** One workspace of a pnpm lock. */
export interface PnpmImporter {
  readonly dependencies: ReadonlyMap<string, PnpmDependency>;
  readonly optionalDependencies: ReadonlyMap<string, PnpmDependency>;
  readonly devDependencies: ReadonlyMap<string, PnpmDependency>;
}

/** One entry of `packages` of a pnpm lock: a package without its place in the graph. */
export interface PnpmPackage extends PlatformLimits {
  readonly integrity: string | undefined;
  readonly tarball: string | undefined;
  /** Set for a directory that is copied in (`injected`, `file:`). */
  readonly directory: string | undefined;
  /** Set for anything that is no tarball and no directory: `git`, `binary`, `variations`, … */
  readonly otherType: string | undefined;
  /** As recorded, for packages that no registry names. */
  readonly version: string | undefined;
  readonly peerDependencies: Ranges;
  readonly optionalPeers: ReadonlySet<string>;
  readonly hasBin: boolean;
}

/** One entry of `snapshots` of a pnpm lock: a package with its peers chosen. */
export interface PnpmSnapshot {
  readonly dependencies: Ranges;
  readonly optionalDependencies: Ranges;
}

/** A pnpm-lock.yaml of lockfileVersion 9. */
export interface PnpmLock {
  readonly kind: "pnpm";
  readonly source: LockSource;
  /** By directory; `""` is the root. */
  readonly importers: ReadonlyMap<string, PnpmImporter>;
  /** By `name@version`. */
  readonly packages: ReadonlyMap<string, PnpmPackage>;
  /** By `name@version(peer@version)…`. */
  readonly snapshots: ReadonlyMap<string, PnpmSnapshot>;
  /** Names that `overrides` of the root speaks of: their specifiers need not be those of package.json. */
  readonly overridden: ReadonlySet<string>;
}

/** A lock file that was read. */
export type LockFile = NpmLock | PnpmLock;
