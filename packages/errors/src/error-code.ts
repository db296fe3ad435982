/**
 * Every way imgbuild can fail, as a closed set. Callers branch on the code, never on the message.
 * The exit code of each is in {@link exitCodeOf}.
 */
export type ErrorCode =
  /** A flag or argument of the command line is wrong. */
  | "usage"
  /** No target matches a label or a pattern. */
  | "unknown-label"
  /** A definition is wrong: it throws, an attribute has the wrong type, it exports nothing buildable. */
  | "definition"
  /** A definition reached for the clock, randomness, the environment, files or the network. */
  | "impure-definition"
  /** Definitions import each other in a circle. */
  | "cycle"
  /** Two targets claim one name:tag, or two sources one path. */
  | "conflict"
  /** A file named by a definition does not exist. */
  | "input-missing"
  /** A path leaves the workspace, or its image. */
  | "path-escape"
  /** A file exists but cannot be read. */
  | "input-unreadable"
  /** An input kept changing while it was read. */
  | "input-changed"
  /** An archive, layout, lock file or package is not what it should be. */
  | "invalid-archive"
  /** Something asked for is not in the store, archive or registry. */
  | "not-found"
  /** Bytes do not have the digest or size they were promised to have. */
  | "integrity"
  /** The answer to a question asked with a check flag is no. */
  | "check-failed"
  /** The disk is full or a quota is used up. */
  | "disk-full"
  /** The cache directory cannot be written or read. */
  | "cache-unusable"
  /** A command or script that a definition runs failed. */
  | "script-failed"
  /** A daemon, registry or mirror cannot be reached, or a lock is held too long: a later try may work. */
  | "unavailable"
  /** A daemon or registry answered, and said no. */
  | "refused"
  /** This machine or this version cannot do what was asked. */
  | "unsupported"
  /** Any other failure of an operating system call. */
  | "io"
  /** The run was cancelled by a signal. */
  | "cancelled"
  /** A bug of imgbuild. */
  | "internal";

const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  usage: 2,
  "unknown-label": 2,
  definition: 2,
  "impure-definition": 2,
  cycle: 2,
  conflict: 2,
  "input-missing": 2,
  "path-escape": 2,
  "input-unreadable": 1,
  "input-changed": 75,
  "invalid-archive": 1,
  "not-found": 1,
  integrity: 4,
  "check-failed": 3,
  "disk-full": 1,
  "cache-unusable": 2,
  "script-failed": 1,
  unavailable: 75,
  refused: 1,
  unsupported: 1,
  io: 1,
  cancelled: 130,
  internal: 70,
};

/** The process exit code for a failure with this code (ARCHITECTURE.md, "Exit codes"). */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[code];
}
