import type { Fetcher } from "@imgbuild/fetch";
import type { NpmConfig } from "@imgbuild/npm";

/** How the user's own npm fetches packages. */
export interface NpmAccess {
  readonly config: NpmConfig;
  /** The registry that npm says it uses, asked when the configuration names none; undefined when it cannot be asked. */
  readonly registry: () => Promise<string | undefined>;
  /** The registry that npm uses when nothing names one: locks name it where another is meant. */
  readonly defaultRegistry: () => Promise<string | undefined>;
  /** Connections with the proxies and certificates of the configuration. Whoever gives it closes it. */
  readonly fetcher: Fetcher;
}
