/** A stream that results or progress are written to. */
export interface TextStream {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** Everything outside of the workspace that a command may know: read once, in `main.ts`, and passed on. */
export interface World {
  /** Without the program itself. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute, without symbolic links. */
  readonly cwd: string;
  readonly homeDir: string;
  readonly hostname: string;
  readonly pid: number;
  readonly cpus: number;
  readonly version: string;
  /** The code of the definitions' runtime, read when it is needed. */
  readRuntime(): string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds from any fixed moment, never going back. */
  monotonic(): number;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP; its reason is an `ImgbuildError` with the code `cancelled`. */
  readonly signal: AbortSignal;
  /** From now on signals go to the child that has the terminal, and this process waits for it. */
  handOverSignals(): void;
}
