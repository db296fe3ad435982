import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findTool } from "./tools.ts";

/** What a docker command gave. */
export interface DockerResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Docker daemon of one test file, with its own images. */
export interface Dockerd {
  /** Path of its unix socket. */
  readonly socket: string;
  /** The same for DOCKER_HOST. */
  readonly host: string;
  /** Runs `docker ARGS` against it; `input` goes to its stdin. */
  docker(args: readonly string[], input?: Uint8Array): DockerResult;
  /** Ends the daemon and removes all that it had. */
  stop(): Promise<void>;
}

const START_MS = 30_000;
const STOP_MS = 15_000;

/**
 * Starts a daemon on a directory of its own: no bridge, no firewall rules, overlay2 where the file system has it. Needs root.
 * Several may run at once. Throws with the end of its log when it does not come up.
 */
export async function startDockerd(): Promise<Dockerd> {
  // A unix socket's path has at most 107 characters, so the name is short.
  const dir = mkdtempSync(join(tmpdir(), "ibd-"));
  let lastError: unknown;
  // A loaded machine now and then lets containerd miss its start-up deadline.
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      return await start(join(dir, String(attempt)), dir);
    } catch (error) {
      lastError = error;
    }
  }
  removeTree(dir);
  throw lastError;
}

async function start(place: string, dir: string): Promise<Dockerd> {
  const socket = `${place}.sock`;
  const child = spawnDaemon(place, socket);
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: Buffer) => log.push(text.toString()));
  const docker = (args: readonly string[], input?: Uint8Array): DockerResult => runDocker({ dir, socket, args, input });
  const deadline = Date.now() + START_MS;
  while (!existsSync(socket) || docker(["version", "--format", "{{.Server.Version}}"]).status !== 0) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await end(child);
      throw new Error(`dockerd did not start:\n${log.join("").split("\n").slice(-15).join("\n")}`);
    }
    await sleep(50);
  }
  return {
    socket,
    host: `unix://${socket}`,
    docker,
    stop: async () => {
      await end(child);
      unmountBelow(dir);
      removeTree(dir);
    },
  };
}

function spawnDaemon(place: string, socket: string): ChildProcess {
  const args = [
    ["--data-root", `${place}.data`],
    ["--exec-root", `${place}.exec`],
    ["--pidfile", `${place}.pid`],
    ["--host", `unix://${socket}`],
    ["--config-file", `${place}.none`],
    ["--bridge", "none"],
  ].flat();
  const flags = ["--iptables=false", "--ip6tables=false", "--ip-masq=false"];
  // An explicit --config-file must exist; an empty one keeps /etc/docker/daemon.json out.
  spawnSync("sh", ["-c", 'echo "{}" > "$1"', "sh", `${place}.none`]);
  const path = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
  return spawn(findTool("dockerd") ?? "dockerd", [...args, ...flags], {
    env: { ...process.env, PATH: path, TMPDIR: "/tmp" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function runDocker(run: {
  readonly dir: string;
  readonly socket: string;
  readonly args: readonly string[];
  readonly input?: Uint8Array | undefined;
}): DockerResult {
  const { DOCKER_HOST: _host, DOCKER_CONTEXT: _context, DOCKER_TLS_VERIFY: _tls, ...env } = process.env;
  const done = spawnSync(findTool("docker") ?? "docker", ["--host", `unix://${run.socket}`, ...run.args], {
    encoding: "utf8",
    input: run.input ?? "",
    maxBuffer: 1 << 28,
    env: { ...env, DOCKER_CONFIG: join(run.dir, "client") },
  });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
}

/** A killed container leaves its mounts, which would keep the directory from being removed. */
function unmountBelow(dir: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const ours = mounts.flatMap((line) => line.split(" ")[1] ?? []).filter((point) => point.startsWith(`${dir}/`));
  for (const point of ours.reverse()) spawnSync("umount", ["-l", point]);
}

function removeTree(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
