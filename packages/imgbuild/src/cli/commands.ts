import type { Options } from "yargs";
import type { Host } from "../host.ts";
import { BUILD_OPTIONS, COMPRESSION_OPTION, OUTPUT_OPTIONS, PLAN_OPTIONS } from "./options.ts";
import type { Flags } from "./parsed-flags.ts";

/** A command: resolves to the exit code; throws {@link ImgbuildError}. */
type Run = (flags: Flags, host: Host) => Promise<number>;

/** What the command line knows of a command before it is loaded. */
export interface CommandSpec {
  /** As yargs reads it: the command, then one name for its words. */
  readonly usage: string;
  readonly describe: string;
  /** What its words are, where they are no labels. */
  readonly words?: string;
  readonly options: Readonly<Record<string, Options>>;
  readonly load: () => Promise<Run>;
}

/** All commands. Each is its own file, loaded when it is asked for. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    usage: "build <labels...>",
    describe: "Build images; -o writes them to a file",
    options: { ...BUILD_OPTIONS, ...OUTPUT_OPTIONS, ...COMPRESSION_OPTION },
    load: async () => (await import("../commands/build.ts")).runBuild,
  },
  {
    usage: "plan <labels...>",
    describe: "Say what a build would do, and why",
    options: PLAN_OPTIONS,
    load: async () => (await import("../commands/plan.ts")).runPlan,
  },
  {
    usage: "tag <labels...>",
    describe: "Print the tag of images, before any build",
    options: {},
    load: async () => (await import("../commands/tag.ts")).runTag,
  },
  {
    usage: "list [labels...]",
    describe: "List targets",
    options: {},
    load: async () => (await import("../commands/list.ts")).runList,
  },
  {
    usage: "load <labels...>",
    describe: "Build images and load them into Docker",
    options: BUILD_OPTIONS,
    load: async () => (await import("../commands/load.ts")).runLoad,
  },
  {
    usage: "run <labels...>",
    describe: "Build an image, load it, and run it with Docker; arguments of `docker run` stand after --",
    options: BUILD_OPTIONS,
    load: async () => (await import("../commands/run.ts")).runRun,
  },
  {
    usage: "stream <labels...>",
    describe: "Build images and write a docker-archive to stdout",
    options: { ...BUILD_OPTIONS, ...COMPRESSION_OPTION },
    load: async () => (await import("../commands/stream.ts")).runStream,
  },
  {
    usage: "export <labels...>",
    describe: "Write the files of an image as a tar to stdout; -o writes them to a file",
    options: { ...BUILD_OPTIONS, output: OUTPUT_OPTIONS.output ?? {}, ...COMPRESSION_OPTION },
    load: async () => (await import("../commands/export.ts")).runExport,
  },
  {
    usage: "inspect <labels...>",
    describe: "Show config, layers and history of an image",
    options: BUILD_OPTIONS,
    load: async () => (await import("../commands/inspect.ts")).runInspect,
  },
  {
    usage: "shell <labels...>",
    describe: "Look around in the sandbox that a failed script left under --keep-failed, else in the image itself",
    options: BUILD_OPTIONS,
    load: async () => (await import("../commands/shell.ts")).runShell,
  },
  {
    usage: "lock [labels...]",
    describe: "Choose the Debian packages that definitions ask for, and write them to imgbuild.lock",
    options: {
      check: {
        type: "boolean",
        default: false,
        describe:
          "Write nothing; fail with exit code 3 when the lock would change. Without --update no mirror is asked",
      },
      update: {
        type: "string",
        array: true,
        requiresArg: true,
        nargs: 1,
        describe: "Take this package anew, as new as the mirror has it; repeatable; '*' for all",
      },
    },
    load: async () => (await import("../commands/lock.ts")).runLock,
  },
  {
    usage: "cache <action...>",
    describe: "Look after the cache: cache stats, cache verify, cache gc",
    words: "stats, verify or gc",
    options: {
      repair: { type: "boolean", default: false, describe: "Set damaged blobs aside, so that they are made again" },
      "max-size": { type: "string", requiresArg: true, describe: "What gc keeps at most, as in 20GB (default: 10GB)" },
      "max-age": {
        type: "number",
        requiresArg: true,
        describe: "Days without use after which gc forgets (default: 30)",
      },
      "dry-run": { type: "boolean", default: false, describe: "Say what gc would remove" },
    },
    load: async () => (await import("../commands/cache.ts")).runCache,
  },
  {
    usage: "graph [labels...]",
    describe: "Print which target is built on which",
    options: {
      as: { type: "string", choices: ["dot", "mermaid", "json"], default: "dot", describe: "How the graph is written" },
    },
    load: async () => (await import("../commands/graph.ts")).runGraph,
  },
  {
    usage: "completion <shell...>",
    describe: "Print a script that completes commands, flags and labels",
    words: "bash or zsh",
    options: {},
    load: async () => (await import("../commands/completion.ts")).runCompletion,
  },
];
