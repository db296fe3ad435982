import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";

/** A TypeScript program that tests run as separate processes. */
export interface ChildScript {
  /** Starts the program; everything still running is killed by `remove`. */
  start(args: readonly string[], options?: { readonly uid?: number }): RunningScript;
  remove(): void;
}

/** One process of a {@link ChildScript}. */
export interface RunningScript {
  readonly pid: number;
  /** Resolves when the program has printed the text; rejects when it ends before. */
  printed(text: string): Promise<void>;
  /** Resolves with all it printed when it has ended. */
  ended(): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  kill(): void;
}

/**
 * Bundles a program that may import workspace packages by name; native packages are taken from the workspace's
 * node_modules. `workspace` is the directory that holds it.
 */
export function childScript(source: string, workspace: string): ChildScript {
  const directory = mkdtempSync(join(tmpdir(), "imgbuild-script-"));
  // So that it can be started as another user.
  chmodSync(directory, 0o755);
  const outfile = join(directory, "script.cjs");
  buildSync({
    stdin: { contents: source, resolveDir: workspace, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "cjs",
    // NODE_PATH, which finds the native package from a temporary directory, works for require alone.
    supported: { "dynamic-import": false },
    external: ["better-sqlite3"],
    outfile,
    logLevel: "error",
  });
  const running = new Set<ChildProcess>();
  return {
    start: (args, options = {}) => {
      const child = spawn(process.execPath, [outfile, ...args], {
        ...options,
        env: { ...process.env, NODE_PATH: resolve(workspace, "node_modules") },
        stdio: ["ignore", "pipe", "pipe"],
      });
      running.add(child);
      return follow(child);
    },
    remove: () => {
      for (const child of running) child.kill("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function follow(child: ChildProcess): RunningScript {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr?.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  const ended = once(child, "close").then(() => ({ code: child.exitCode, stdout, stderr }));
  return {
    pid: child.pid ?? 0,
    ended: () => ended,
    kill: () => {
      child.kill("SIGKILL");
    },
    printed: (text) =>
      new Promise((done, fail) => {
        const look = () => {
          if (stdout.includes(text)) done();
        };
        child.stdout?.on("data", look);
        void ended.then(() => fail(new Error(`The script ended before it printed ${text}: ${stdout}${stderr}`)));
        look();
      }),
  };
}
