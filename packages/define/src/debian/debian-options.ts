import type { Source, Value } from "../source.ts";
import type { EssentialPackages } from "./debian-request.ts";

/** The attributes of {@link DefinitionApi.debianPackages}. */
export interface DebianPackagesOptions {
  /**
   * `bookworm`, `stable`: the suite with its updates and security updates, as far as the mirror has them. A list means exactly those
   * suites, as in `["bookworm", "bookworm-backports"]`.
   */
  readonly suite: string | readonly string[];
  /** What is asked for: `name`, `name=version` or `name/suite`. What they need comes along. */
  readonly packages: string | readonly string[];
  /** Default `main`. */
  readonly components?: string | readonly string[];
  /** Docker's name, `amd64` or `arm64`. Default: that of the image that copies the packages. */
  readonly architecture?: string;
  /**
   * `essential` (default): also the packages that every Debian system has, which others use without saying so (a shell, coreutils, …);
   * `required`: those of that priority too; `base`: only base-files and base-passwd; `none`: nothing.
   */
  readonly essential?: EssentialPackages;
  /** Packages that are left out although others need them: whoever says so knows better. */
  readonly without?: string | readonly string[];
  /** Also take what packages recommend; default false. */
  readonly recommends?: boolean;
  /** Patterns of files to leave out, relative to `/`; dpkg does not miss them. */
  readonly exclude?: string | readonly string[];
  /** False leaves out manual pages, info and documentation, but not copyright files; default true. */
  readonly documentation?: boolean;
  /** dpkg's database in the image: as dpkg has it (default), as distroless images have it, or none. */
  readonly database?: "dpkg" | "status.d" | "none";
  /**
   * What stands in for the scripts of packages, which are not run; default all: `accounts` (users and groups), `alternatives`,
   * `certificates` (authorities of ca-certificates, also for Java), `files` (directories, owners and links of usual packages, and
   * what packages say to systemd-tmpfiles), `libraries` (the loader's cache), `php` (modules enabled).
   */
  readonly helpers?: readonly DebianHelper[];
}

/** Names of helpers. */
export type DebianHelper = (typeof DEBIAN_HELPERS)[number];

export const DEBIAN_HELPERS = ["accounts", "alternatives", "certificates", "files", "libraries", "php"] as const;

/** Every attribute, for checks. */
export const DEBIAN_ATTRIBUTES = [
  "suite",
  "packages",
  "components",
  "architecture",
  "essential",
  "without",
  "recommends",
  "exclude",
  "documentation",
  "database",
  "helpers",
] as const satisfies readonly (keyof DebianPackagesOptions)[];

/** Packages with all they need, as files of an image. Usable wherever a source is. */
export interface DebianPackagesValue extends Value<"merge"> {
  /** The files of the packages themselves. */
  readonly files: Source;
  /** What lies over them: dpkg's database, accounts, certificates, … */
  readonly system: Source;
  /** Name and version of every package, sorted by name. */
  readonly installed: Readonly<Record<string, string>>;
}
