import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type CliResult, type Dockerd, findTool, startCli, startDockerd } from "@imgbuild/testkit";

/** This repository. */
export const ROOT = resolve(__dirname, "../../../..");

/** Tools that the examples in Docker need. */
export const EXAMPLE_TOOLS = ["dockerd", "docker", "nsenter"] as const;

/** The first build fetches packages; a slow machine takes its time over them. */
const LIMIT_MS = 240_000;

/** A request to a container. */
interface Question {
  readonly path: string;
  readonly port?: number;
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** What it answered. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A container of a daemon without a bridge: it is asked inside its own network. */
interface Container {
  readonly id: string;
  /** Asks until it answers, for 20 seconds at most. */
  ask(question: Question): Promise<Answer>;
  logs(): string;
  /** `docker stop`: how long it took in milliseconds, and the exit code. */
  stop(): { readonly ms: number; readonly exitCode: number };
}

/** The examples of this repository with a cache and a daemon of their own. */
export interface ExampleRig {
  readonly docker: Dockerd;
  readonly cache: string;
  /** Runs `imgbuild ARGS` in this repository, or in `cwd`. */
  imgbuild(args: readonly string[], cwd?: string, env?: Readonly<Record<string, string>>): Promise<CliResult>;
  /** `imgbuild load LABEL`, which must end well. */
  load(label: string): Promise<Loaded>;
  /** Starts a container; `network` is another one whose network it shares. */
  start(reference: string, options?: StartOptions): Container;
  stop(): Promise<void>;
}

/** What `imgbuild load` said. */
interface Loaded {
  readonly reference: string;
  readonly imageId: string;
  readonly sent: number;
  readonly skipped: number;
}

/** How a container is started. */
interface StartOptions {
  readonly network?: Container;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

/** Starts the daemon. The caller stops the rig. */
export async function exampleRig(): Promise<ExampleRig> {
  const docker = await startDockerd();
  const cache = mkdtempSync(join(tmpdir(), "imgbuild-example-"));
  const ids: string[] = [];
  const imgbuild: ExampleRig["imgbuild"] = (args, cwd = ROOT, env = {}) =>
    startCli(args, {
      cwd,
      env: { DOCKER_HOST: docker.host, IMGBUILD_CACHE_DIR: cache, HOME: cache, ...env },
      limitMs: LIMIT_MS,
    }).ended;
  return {
    docker,
    cache,
    imgbuild,
    async load(label) {
      const { code, events, stderr } = await imgbuild(["load", label, "--json"]);
      if (code !== 0) throw new Error(`imgbuild load ${label}: ${code} ${stderr} ${JSON.stringify(events.at(-2))}`);
      const delivered = events.find((event) => event.type === "deliver.done");
      const done = events.find((event) => event.type === "target.done");
      return {
        reference: String(done?.reference),
        imageId: String(done?.digest),
        sent: Number(delivered?.layersSent),
        skipped: Number(delivered?.layersSkipped),
      };
    },
    start(reference, options = {}) {
      const container = startContainer(docker, reference, options);
      ids.push(container.id);
      return container;
    },
    async stop() {
      for (const id of ids) docker.docker(["rm", "--force", id]);
      await docker.stop();
      rmSync(cache, { recursive: true, force: true });
    },
  };
}

function startContainer(
  docker: Dockerd,
  reference: string,
  { network, env = {}, flags = [] }: StartOptions,
): Container {
  const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const net = ["--network", network === undefined ? "none" : `container:${network.id}`];
  const started = docker.docker(["run", "--detach", ...net, ...variables, ...flags, reference]);
  if (started.status !== 0) throw new Error(`docker run ${reference}: ${started.stderr}`);
  const id = started.stdout.trim();
  const inspect = (format: string) => docker.docker(["inspect", "--format", format, id]).stdout.trim();
  const logs = () => {
    const { stdout, stderr } = docker.docker(["logs", id]);
    return stdout + stderr;
  };
  return {
    id,
    logs,
    async ask(question) {
      const pid = inspect("{{.State.Pid}}");
      for (let attempt = 0; attempt < 200; attempt++) {
        const answer = askInside(pid, question);
        if (answer !== undefined) return answer;
        if (inspect("{{.State.Running}}") !== "true") break;
        await sleep(100);
      }
      throw new Error(`The container of ${reference} does not answer: ${logs()}`);
    },
    stop() {
      const begin = Date.now();
      docker.docker(["stop", id]);
      return { ms: Date.now() - begin, exitCode: Number(inspect("{{.State.ExitCode}}")) };
    },
  };
}

function askInside(pid: string, { path, port = 8080, method = "GET", body }: Question): Answer | undefined {
  const url = JSON.stringify(`http://127.0.0.1:${port}${path}`);
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const init = JSON.stringify({ method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const script = `fetch(${url}, ${init}).then(async (r) => console.log(JSON.stringify({ status: r.status, body: await r.text() })))`;
  const asked = spawnSync(findTool("nsenter") ?? "", ["-t", pid, "-n", process.execPath, "-e", script], {
    encoding: "utf8",
  });
  return asked.status === 0 ? (JSON.parse(asked.stdout) as Answer) : undefined;
}
