import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";

/** How the command line is run. */
export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Bytes for stdin; it is empty and closed without them. */
  readonly input?: Uint8Array;
  /** Permission bits that new files lack. */
  readonly umask?: number;
  /** Runs as this user (and group); needs root. */
  readonly uid?: number;
  /** Program and arguments that run the command line, such as `["strace", "-f"]`. */
  readonly wrap?: readonly string[];
  /** Milliseconds after which it is killed; default 50 seconds. */
  readonly limitMs?: number;
}

/** What a run gave. */
export interface CliResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
  /** Lines of stdout, without the empty one at its end. */
  readonly lines: readonly string[];
  /** Lines of stdout that `--json` gave. Reading it throws when one is no JSON object. */
  readonly events: readonly CliEvent[];
}

/** A line of `--json`. */
export interface CliEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A command line that runs. */
export interface RunningCli {
  readonly pid: number;
  readonly ended: Promise<CliResult>;
  /** Resolves when stdout and stderr together hold the text; rejects when it ends before. */
  printed(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** The program as users start it. */
export const CLI_PATH = resolve(__dirname, "../../imgbuild/bin/imgbuild.cjs");

const INHERITED = ["PATH", "TMPDIR", "SystemRoot"] as const;
const LIMIT_MS = 50_000;

/** Starts the command line with an environment that holds nothing of the developer's. Ends it after `limitMs`. */
export function startCli(args: readonly string[], options: CliOptions & { readonly cwd: string }): RunningCli {
  if (process.env.IMGBUILD_BUNDLE_ERROR !== undefined) throw new Error(process.env.IMGBUILD_BUNDLE_ERROR);
  const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const command = [...(options.wrap ?? []), process.execPath, CLI_PATH, ...args];
  const umask = options.umask === undefined ? "" : `umask ${options.umask.toString(8)}; `;
  const child = spawn("/bin/sh", ["-c", `${umask}exec "$@"`, "sh", ...command], {
    cwd: options.cwd,
    env: { ...Object.fromEntries(inherited), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  return follow(child, options.limitMs ?? LIMIT_MS);
}

function follow(child: ChildProcess, limitMs: number): RunningCli {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (data: Buffer) => stdout.push(data));
  child.stderr?.on("data", (data: Buffer) => stderr.push(data));
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const ended = new Promise<CliResult>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      done(resultOf({ code, signal }, Buffer.concat(stdout), Buffer.concat(stderr).toString()));
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
    printed: (text) =>
      new Promise((done, fail) => {
        const look = (): void => {
          if (Buffer.concat([...stdout, ...stderr]).includes(text)) done();
        };
        child.stdout?.on("data", look);
        child.stderr?.on("data", look);
        void ended.then((result) => fail(new Error(`It ended before it printed ${text}: ${result.stderr}`)));
        look();
      }),
  };
}

function resultOf(
  end: { readonly code: number | null; readonly signal: NodeJS.Signals | null },
  stdoutBytes: Buffer,
  stderr: string,
): CliResult {
  const stdout = stdoutBytes.toString();
  const lines = stdout === "" ? [] : stdout.replace(/\n$/, "").split("\n");
  return {
    ...end,
    stdout,
    stdoutBytes,
    stderr,
    lines,
    get events() {
      return lines.map(parseEvent);
    },
  };
}

function parseEvent(line: string): CliEvent {
  const value: unknown = JSON.parse(line);
  if (typeof value === "object" && value !== null && "type" in value && typeof value.type === "string") {
    return value as CliEvent;
  }
  throw new Error(`This line of --json is no event: ${line}`);
}
