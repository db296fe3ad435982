import type { DiskEnd } from "./watch-disk.ts";

/** The user of scripts that need no rights. */
export const BUILDER_ID = 1000;

/** What a script sees as `/`. */
export type SandboxRoot =
  /** Directories stacked by overlayfs, lowest first; changes go to `upper`. `work` is empty and beside `upper`. */
  | { readonly kind: "overlay"; readonly lower: readonly string[]; readonly upper: string; readonly work: string }
  /** A directory itself, writable. */
  | { readonly kind: "directory"; readonly directory: string }
  /** The programs and libraries of this machine, read-only, and nothing else of it. */
  | { readonly kind: "host" };

/** A directory or file of the machine that a script may see. */
export interface SandboxBind {
  /** Absolute. */
  readonly source: string;
  /** Absolute, inside. No part of it may be a link; what is missing of it is made, and removed afterwards. */
  readonly target: string;
  readonly readOnly: boolean;
  /** Whether a root that has something at `target` keeps it. */
  readonly yields?: boolean | undefined;
  /**
   * Given, `source` is a directory that stays as it is: changes go to `upper` by overlayfs. Both are empty, beside each other.
   * Throws `unsupported` where the file system of the cache is no ground for it.
   */
  readonly changes?: { readonly upper: string; readonly work: string } | undefined;
}

/** Bounds on a script; undefined means those of this process. */
export interface SandboxLimits {
  readonly openFiles?: number | undefined;
  readonly processes?: number | undefined;
  /** Bytes of one file. */
  readonly fileBytes?: number | undefined;
  /** Bytes of all that it writes to its root, looked at now and then. Always, some space is left to the machine. */
  readonly diskBytes?: number | undefined;
}

/** One script to be run. */
export interface SandboxRun {
  readonly root: SandboxRoot;
  /**
   * A program with its arguments, or the text of a script: one for a shell, run with `-e` by the root's bash or sh, unless its first
   * line names another interpreter, which must be in the root.
   */
  readonly command: { readonly argv: readonly string[] } | { readonly script: string };
  /** Absolute, inside. */
  readonly cwd: string;
  /** Added to the fixed environment, or replacing its variables. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * `root`: user 0 with the capabilities that Docker gives a build step. `builder`: user 1000 without any, where ids are
   * mapped; else user 0 without any.
   */
  readonly user: "root" | "builder";
  /** Without it there is only a loopback interface. */
  readonly network: boolean;
  readonly binds: readonly SandboxBind[];
  /** Milliseconds; undefined for no end. */
  readonly timeoutMs: number | undefined;
  readonly limits: SandboxLimits;
  readonly signal: AbortSignal;
  /** An empty directory for this run alone, on the same file system as `upper`. The caller removes it. */
  readonly scratch: string;
  /** Told what the script prints, stdout and stderr together. With `terminal`, it is never called. */
  readonly onOutput: (bytes: Uint8Array) => void;
  /** Gives the script the stdin, stdout and stderr of this process: for a person who looks inside. */
  readonly terminal?: boolean | undefined;
}

/** A device that a script made where the system lets nobody make one. */
export interface RecordedDevice {
  readonly type: "char" | "block";
  readonly major: number;
  readonly minor: number;
}

/** How a script went. */
export interface SandboxEnd {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  /** Name of the signal that ended it, e.g. `SIGKILL`; undefined otherwise. */
  readonly signal: string | undefined;
  /** Whether it was ended because its time was up. */
  readonly timedOut: boolean;
  /** Whether it was ended because it took too much space: of the `machine`, or more than its `limit`. */
  readonly diskFull: DiskEnd | undefined;
  /** The last lines it printed, at most 50. */
  readonly tail: readonly string[];
  /** Whether fuse-overlayfs stacked the layers: it may have marked deletions by files. */
  readonly fileMarks: boolean;
  /** By absolute path inside: empty files that stand for devices. */
  readonly devices: ReadonlyMap<string, RecordedDevice>;
}
