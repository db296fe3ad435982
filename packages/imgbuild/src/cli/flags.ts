/** A flag of the command line. Each has a variable `IMGBUILD_<NAME>` with `_` for `-`. */
export interface Flag {
  readonly alias?: string;
  readonly type: "boolean" | "string";
  /** What the value is, for `--help`. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly describe: string;
}

/** Every flag, by name. */
export const FLAGS = {
  cwd: { alias: "C", type: "string", value: "DIR", describe: "Run as if started in DIR" },
  "cache-dir": { type: "string", value: "DIR", describe: "Where the cache is [default: from the config, else cache/]" },
  json: { type: "boolean", describe: "Events and results as NDJSON on stdout" },
  report: { type: "string", value: "FILE", describe: "Also write all events to FILE, as NDJSON" },
  progress: {
    type: "string",
    choices: ["auto", "plain", "json", "none"],
    describe: "How progress is shown on stderr [default: auto]",
  },
  color: { type: "string", choices: ["auto", "always", "never"], describe: "Colours on stderr [default: auto]" },
  verbose: { alias: "v", type: "boolean", describe: "Say more: hits and timings" },
  quiet: { alias: "q", type: "boolean", describe: "Say only what went wrong" },
  jobs: { alias: "j", type: "string", value: "N", describe: "Steps at a time [default: number of CPUs]" },
  "keep-going": { type: "boolean", describe: "After a failure, go on with what does not depend on it" },
  force: { type: "boolean", describe: "Build the named targets again though they are cached" },
  "no-cache": { type: "boolean", describe: "Neither read nor write cached results" },
  output: { alias: "o", type: "string", value: "FILE", describe: "Write the images to FILE" },
  format: {
    type: "string",
    choices: ["docker-archive", "oci-archive", "oci-layout"],
    describe: "What --output writes [default: docker-archive]",
  },
  compression: {
    type: "string",
    value: "gz|zstd|none[:LEVEL]",
    describe: "Of what is written [default: the target's compressor]",
  },
  repair: { type: "boolean", describe: "Set damaged blobs aside and forget what needs them" },
  "max-size": { type: "string", value: "SIZE", describe: "Keep at most SIZE, e.g. 20GB" },
  "max-age": { type: "string", value: "DAYS", describe: "Forget what was not used for DAYS days" },
  "dry-run": { type: "boolean", describe: "Only say what would be removed" },
  as: { type: "string", choices: ["dot", "json", "mermaid"], describe: "How the graph is written [default: dot]" },
} as const satisfies Readonly<Record<string, Flag>>;

/** Name of a flag. */
export type FlagName = keyof typeof FLAGS;

/** What was given for each flag: text or true/false; absent where nothing was. */
export type FlagValues = Readonly<Partial<Record<FlagName, string | boolean>>>;

/** The variable that stands for a flag. */
export function variableOf(flag: FlagName): string {
  return `IMGBUILD_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/** All flag names. */
export const FLAG_NAMES = Object.keys(FLAGS) as readonly FlagName[];

/** The definition of a flag, in its general form. */
export function flagOf(name: FlagName): Flag {
  return FLAGS[name];
}
