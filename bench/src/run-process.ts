import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The environment of every measured process: ours without what changes a tool's behaviour. NODE_EXTRA_CA_CERTS goes
 * because reading it costs each Node process 40 ms here.
 */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
  for (const name of Object.keys(env)) {
    if (/^(IMGBUILD_|DOCKER_|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|GIT_DIR|GIT_WORK_TREE)/.test(name)) delete env[name];
  }
  return { ...env, ...extra };
}

/** Runs a program to its end and gives its wall seconds. Throws with the end of its stderr when it fails. */
export function timeProcess(command: Command): Promise<number> {
  return new Promise((resolve, reject) => {
    const errors: Buffer[] = [];
    const start = performance.now();
    const child = spawn(command.program, command.args, {
      cwd: command.cwd,
      env: cleanEnvironment(command.env),
      stdio: ["ignore", "ignore", "pipe"],
    });
    let seconds = 0;
    child.stderr.on("data", (part: Buffer) => errors.push(part));
    child.once("error", reject);
    child.once("exit", () => {
      seconds = (performance.now() - start) / 1000;
    });
    child.once("close", (code, signal) => {
      if (code === 0) return resolve(seconds);
      const said = Buffer.concat(errors).toString().trim().split("\n").slice(-12).join("\n");
      reject(new Error(`${command.program} ${command.args.join(" ")} ended with ${code ?? signal}:\n${said}`));
    });
  });
}

/** The same for a pipeline of the shell; a failure of any part of it counts. */
export function timeShell(script: string, cwd: string): Promise<number> {
  return timeProcess({ program: "bash", args: ["-o", "pipefail", "-c", script], cwd });
}
