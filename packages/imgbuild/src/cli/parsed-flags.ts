/** Every flag that a command may have, parsed. Paths are as typed. */
export interface Flags {
  readonly labels: readonly string[];
  readonly cwd: string;
  readonly cacheDir: string | undefined;
  readonly jobs: number | undefined;
  readonly keepGoing: boolean;
  readonly force: boolean;
  readonly cache: boolean;
  readonly keepFailed: boolean;
  readonly output: string | undefined;
  readonly format: OutputFormat;
  readonly compression: string | undefined;
  readonly json: boolean;
  readonly profile: string | undefined;
  readonly report: string | undefined;
  readonly progress: "auto" | "plain" | "json" | "none";
  readonly color: boolean | undefined;
  readonly verbose: boolean;
  readonly quiet: boolean;
  readonly repair: boolean;
  readonly dryRun: boolean;
  readonly maxSize: string | undefined;
  readonly maxAge: number | undefined;
  readonly as: "dot" | "mermaid" | "json";
  /** `lock --check`. */
  readonly check: boolean;
  /** Names of packages. */
  readonly update: readonly string[];
  /** What stands after `--`. */
  readonly rest: readonly string[];
}

/** What `-o` writes. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export const OUTPUT_FORMATS = ["docker-archive", "oci-archive", "oci-layout", "rootfs"] as const;
