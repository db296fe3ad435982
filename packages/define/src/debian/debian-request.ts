/** Which packages that nobody asked for are in a system beside those that are needed. */
export type EssentialPackages = "none" | "base" | "essential" | "required";

/** What is asked of `imgbuild.lock`: which packages of Debian, from where, for what. */
export interface DebianRequest {
  /** First the suite itself. */
  readonly suites: readonly string[];
  /** Whether updates and security updates of the suite count, as far as a mirror has them. */
  readonly updates: boolean;
  readonly components: readonly string[];
  /** Debian's name. */
  readonly architecture: string;
  /** `name`, `name=version` or `name/suite`. Sorted, each once. */
  readonly packages: readonly string[];
  /** Packages that are left out although others need them. Sorted. */
  readonly without: readonly string[];
  readonly recommends: boolean;
  readonly essential: EssentialPackages;
}

/** A package of the lock, as an evaluation sees it. */
export interface LockedDeb {
  readonly name: string;
  readonly version: string;
  /** `all` or that of the request. */
  readonly architecture: string;
  readonly suite: string;
  /** Relative to the root of a mirror. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** Names of packages of the same answer. */
  readonly depends: readonly string[];
}

/** What the lock has for a request: its packages, or why there are none. `collecting`: the lock is being written. */
export type LockAnswer =
  | { readonly packages: readonly LockedDeb[] }
  | { readonly missing: "lock" | "request" }
  | "collecting";
