import type { Readable, Writable } from "node:stream";

/** What the command line has of its process. Only `main.ts` makes one of the real process. */
export interface Host {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly pid: number;
  readonly hostname: string;
  /** `process.platform`. */
  readonly platform: string;
  /** The Node that runs this: its real path, and what it is, `node v20.19.0 linux/x64`. */
  readonly node: { readonly path: string; readonly name: string };
  /** Who runs this, and where programs are: what sandboxes depend on. */
  readonly user: { readonly uid: number; readonly gid: number; readonly name: string };
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from any fixed moment, never going back. */
  clock(): number;
  /** Aborts at the first signal, with its name as the reason. */
  readonly signal: AbortSignal;
  /** 128 + n once signal n was received. */
  readonly signalExit: number | undefined;
  /** Text of the program that runs inside definitions. */
  readonly runtimeCode: () => string;
  readonly version: string;
}
