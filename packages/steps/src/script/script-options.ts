import type { SandboxHost } from "@imgbuild/sandbox";

/** What running scripts needs from outside. */
export interface ScriptOptions {
  readonly host: SandboxHost;
  /** `process.platform`. */
  readonly platform: string;
  /** Of this process. */
  readonly pid: number;
  /** Whether a process with this id runs on this machine. */
  readonly processAlive: (pid: number) => boolean;
  /** The Node that runs this, lent to commands that have no root of their own. */
  readonly nodePath: string;
  /** The value of a secret that the user gave this run; undefined for none. */
  readonly secret: (name: string) => Uint8Array | undefined;
  /** Leaves the sandbox of a failed script, for `imgbuild shell`. */
  readonly keepFailed: boolean;
}
