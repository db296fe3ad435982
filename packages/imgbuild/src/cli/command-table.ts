import type { FlagName } from "./flags.ts";

/** A command as the command line knows it; what it does is in `commands/<name>.ts`, loaded when it is run. */
export interface CommandRow {
  /** What follows the name, for `--help`. */
  readonly usage: string;
  readonly describe: string;
  /** What its words are: completion offers them. */
  readonly words: "labels" | readonly string[];
  /** Flags beside {@link COMMON_FLAGS}. */
  readonly flags: readonly FlagName[];
  /** Whether it takes words after `--`. */
  readonly takesRest?: boolean;
}

/** Flags that every command takes. */
export const COMMON_FLAGS: readonly FlagName[] = [
  "cwd",
  "cache-dir",
  "json",
  "report",
  "progress",
  "color",
  "verbose",
  "quiet",
];

const BUILD_FLAGS: readonly FlagName[] = ["jobs", "keep-going", "force", "no-cache"];

/** Every command, in the order of `--help`. */
export const COMMANDS = {
  build: {
    usage: "LABEL...",
    describe: "Build targets; with -o, write them to a file",
    words: "labels",
    flags: [...BUILD_FLAGS, "output", "format", "compression"],
  },
  load: { usage: "LABEL...", describe: "Build targets and load them into Docker", words: "labels", flags: BUILD_FLAGS },
  run: {
    usage: "LABEL [-- DOCKER_FLAGS... [-- ARGS...]]",
    describe: "Build and load a target and start a container of it",
    words: "labels",
    flags: BUILD_FLAGS,
    takesRest: true,
  },
  stream: {
    usage: "LABEL...",
    describe: "Build targets and write a docker-archive to stdout",
    words: "labels",
    flags: [...BUILD_FLAGS, "compression"],
  },
  plan: {
    usage: "LABEL...",
    describe: "Say what would be built, and why",
    words: "labels",
    flags: ["force", "no-cache"],
  },
  tag: { usage: "LABEL...", describe: "Print references and input hashes, without a build", words: "labels", flags: [] },
  list: { usage: "[LABEL...]", describe: "List targets", words: "labels", flags: [] },
  inspect: {
    usage: "LABEL...",
    describe: "Build targets and show their config, layers and history",
    words: "labels",
    flags: BUILD_FLAGS,
  },
  graph: { usage: "[LABEL...]", describe: "Print which target builds on which", words: "labels", flags: ["as"] },
  cache: {
    usage: "stats|verify|gc",
    describe: "Show, check or clean the cache",
    words: ["gc", "stats", "verify"],
    flags: ["repair", "max-size", "max-age", "dry-run"],
  },
  completion: {
    usage: "bash|zsh",
    describe: "Print a script that completes commands, flags and labels",
    words: ["bash", "zsh"],
    flags: [],
  },
} as const satisfies Readonly<Record<string, CommandRow>>;

/** Name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** All command names. */
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

/** Whether this is the name of a command. */
export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

/** Row of a command, in its general form. */
export function commandOf(name: CommandName): CommandRow {
  return COMMANDS[name];
}

/** The flags that a command takes. */
export function flagsOf(name: CommandName): readonly FlagName[] {
  return [...COMMON_FLAGS, ...commandOf(name).flags];
}
