/** What `imgbuild.lock` says. */
export interface DebianLock {
  /** By name, sorted. */
  readonly sets: readonly LockedSet[];
}

/** The packages that were chosen for one request. */
export interface LockedSet {
  /** What the definition calls it: unique in the lock. */
  readonly name: string;
  readonly architecture: string;
  /** What was asked for: a lock whose request is another is out of date. */
  readonly request: readonly string[];
  readonly suites: readonly LockedSuite[];
  /** Sorted by name when written; `depends` has the order. */
  readonly packages: readonly LockedPackage[];
}

/** The state of a suite that packages were chosen from. */
export interface LockedSuite {
  readonly suite: string;
  readonly components: readonly string[];
  /** SHA-256 of `InRelease` (or of `Release`): 64 hex digits. */
  readonly sha256: string;
  /** `Date` of the index, e.g. `2025-05-20T08:00:00Z`; undefined when it has none. */
  readonly date: string | undefined;
}

/** A package file, and what it needs. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** `all` or the set's. */
  readonly architecture: string;
  /** Suite that it was chosen from. */
  readonly suite: string;
  /** Relative to the mirror's root. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
  /** Names of packages of the set, sorted. */
  readonly depends: readonly string[];
}
