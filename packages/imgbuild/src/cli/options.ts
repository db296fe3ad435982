import type { Options } from "yargs";
import { OUTPUT_FORMATS } from "./parsed-flags.ts";

type OptionTable = Readonly<Record<string, Options>>;

/** Flags of every command. Each has a variable: `--cache-dir` is IMGBUILD_CACHE_DIR. A flag wins over its variable. */
export const GLOBAL_OPTIONS: OptionTable = {
  cwd: { alias: "C", type: "string", requiresArg: true, describe: "Run as if started in this directory" },
  "cache-dir": {
    type: "string",
    requiresArg: true,
    describe: "Where blobs and the index are kept (default: cache/ of the workspace)",
  },
  json: { type: "boolean", default: false, describe: "Write events as JSON lines on stdout, and nothing else there" },
  progress: {
    choices: ["auto", "plain", "json", "none"] as const,
    default: "auto",
    describe: "How progress is shown on stderr",
  },
  color: { type: "boolean", describe: "Colour on or off (default: on a terminal, unless NO_COLOR)" },
  verbose: {
    alias: "v",
    type: "boolean",
    default: false,
    describe: "Also say what was reused, and what scripts print",
  },
  quiet: { alias: "q", type: "boolean", default: false, describe: "Say only what failed" },
};

/** Flags that decide what a build would do. */
export const PLAN_OPTIONS: OptionTable = {
  jobs: { alias: "j", type: "number", requiresArg: true, describe: "Steps at a time (default: one a processor)" },
  "keep-going": {
    alias: "k",
    type: "boolean",
    default: false,
    describe: "After a failure, build what does not depend on it",
  },
  force: { type: "boolean", default: false, describe: "Build these targets again, and keep the result" },
  cache: { type: "boolean", default: true, describe: "Use and fill the cache; --no-cache does neither" },
};

/** Flags of the commands that build. */
export const BUILD_OPTIONS: OptionTable = {
  ...PLAN_OPTIONS,
  "keep-failed": {
    type: "boolean",
    default: false,
    describe: "Leave the sandbox of a script that fails; `imgbuild shell` enters it",
  },
  profile: {
    type: "string",
    requiresArg: true,
    describe: "Write how long each step took to a file that Perfetto and chrome://tracing open",
  },
  report: { type: "string", requiresArg: true, describe: "Write what happened to each target to a file, as JSON" },
};

/** Flags of the commands that write an image somewhere. */
export const OUTPUT_OPTIONS: OptionTable = {
  output: { alias: "o", type: "string", requiresArg: true, describe: "Write the images to this file or directory" },
  format: { choices: OUTPUT_FORMATS, default: "docker-archive", describe: "What --output writes" },
};

/** The flag that overrides the `compressor` of images. */
export const COMPRESSION_OPTION: OptionTable = {
  compression: {
    type: "string",
    requiresArg: true,
    describe: "none, gz or zstd, with a level as in zstd:3 (default: the image's compressor)",
  },
};
