import type { TargetPlatform } from "@imgbuild/npm";
import type { Source, Value } from "../source.ts";

/** What packages are chosen for. */
export interface NpmPlatform {
  /** Go's name; only `linux` images are built. Default `linux`. */
  readonly os?: string;
  /** Go's name, such as `arm64`. Default: that of the image that copies the workspace. */
  readonly architecture?: string;
  /** The C library of the image. Default `glibc`. */
  readonly libc?: "glibc" | "musl";
}

/** The attributes of {@link DefinitionApi.npmWorkspace}. */
export interface NpmWorkspaceOptions {
  /**
   * Which workspace: its directory relative to the lock file or its package name, as npm's `-w` takes it; a path that starts
   * with `.` is relative to the definition, one with `//` to the workspace of imgbuild.
   */
  readonly workspace: string;
  /** The package-lock.json, npm-shrinkwrap.json or pnpm-lock.yaml. Default: the nearest above. */
  readonly lockfile?: string;
  /** Where the root of the repository comes to be in the image; default `/app`. */
  readonly dest?: string;
  /**
   * `production` (default): what runs the workspace. `all`: what builds it too, for `runCommand`: its devDependencies, those of
   * the workspaces it needs, and everything the root package depends on. A list: what runs it and the tools that are named, such
   * as `["typescript"]`, each a devDependency of the workspace or any dependency of the root.
   */
  readonly dependencies?: "production" | "all" | readonly string[];
  /** Take optional dependencies that fit the platform; default true. */
  readonly optional?: boolean;
  /** Take optional peers that are in the lock, as `npm ci` does; default true. */
  readonly optionalPeers?: boolean;
  /**
   * What becomes of packages with install scripts that `ignoreScripts` does not name: `deny` (default) refuses them by name,
   * `sandbox` runs them in a sandbox without network, a list of package names runs those and refuses all others.
   */
  readonly scripts?: "deny" | "sandbox" | readonly string[];
  /** Packages that work without their install scripts: they are used as they were published. */
  readonly ignoreScripts?: readonly string[];
  readonly platform?: NpmPlatform;
  /** picomatch patterns of the application's files, relative to its directory; package.json always comes along. */
  readonly include?: string | readonly string[];
  /** Patterns of application files to leave out. */
  readonly exclude?: string | readonly string[];
}

/** Every attribute, for checks. */
export const NPM_WORKSPACE_ATTRIBUTES = [
  "workspace",
  "lockfile",
  "dest",
  "dependencies",
  "optional",
  "optionalPeers",
  "scripts",
  "ignoreScripts",
  "platform",
  "include",
  "exclude",
] as const satisfies readonly (keyof NpmWorkspaceOptions)[];

/** A workspace with all it needs at run time, placed in an image. Usable wherever a source is. */
export interface NpmWorkspaceValue extends Value<"merge"> {
  /** Packages from registries, and the links to them. */
  readonly thirdParty: Source;
  /** Other packages of the repository, and the links to packages of the repository. */
  readonly firstParty: Source;
  /** The files of the workspace itself. */
  readonly app: Source;
  /** Where the workspace is in the image, for `WorkingDir`: `/app/packages/api`. */
  readonly workingDirectory: string;
}

/** The attributes, read and checked. */
export interface NpmRequest {
  readonly workspace: string;
  /** Relative to the workspace of imgbuild. */
  readonly lockfile: string | undefined;
  readonly dest: string;
  readonly dependencies: "production" | "all" | readonly string[];
  readonly optional: boolean;
  readonly optionalPeers: boolean;
  /** The packages whose install scripts run; `all` for every one. */
  readonly scripts: ReadonlySet<string> | "all";
  readonly ignoreScripts: ReadonlySet<string>;
  readonly platform: TargetPlatform;
  /** Whether the definition names the architecture; if not, the image does. */
  readonly fixedArchitecture: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}
