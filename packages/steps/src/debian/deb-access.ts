import type { Address, Fetcher } from "@imgbuild/fetch";

/** How this machine reaches archives of Debian packages. */
export interface DebAccess {
  /**
   * Where a file of a suite may be had, best first. `path` is relative to a mirror's root. Throws `not-found` when this machine
   * knows no mirror of the suite.
   */
  readonly addresses: (suite: string, path: string) => Promise<readonly Address[]>;
  /** Connections with the proxies of the machine. Whoever gives it closes it. */
  readonly fetcher: Fetcher;
}

/** What steps need to get packages of Debian. */
export interface DebOptions {
  /** Asked when the first package is not at hand: a build that has all of them reads no configuration. */
  readonly access: () => Promise<DebAccess>;
  /** Told what the scripts of packages, which are not run, would have done beside what is done for them. */
  readonly warn: (message: string) => void;
}
