import { lstatSync, mkdirSync, readFileSync } from "node:fs";
import { ImgbuildError } from "@imgbuild/errors";
import { type Abilities, idsHint } from "./abilities.ts";
import { SHELLS } from "./helper-scripts.ts";
import type { HostTools } from "./host-tools.ts";
import { OutputTail } from "./output-tail.ts";
import { writeRunFiles } from "./run-files.ts";
import type { RecordedDevice, SandboxEnd, SandboxRoot, SandboxRun } from "./sandbox-run.ts";
import { type MappedProcess, noNamespaces, startMapped } from "./start-mapped.ts";
import { type DiskEnd, watchDisk } from "./watch-disk.ts";

const SPACES = ["--mount", "--pid", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child"];

/**
 * Runs one script in namespaces of its own. Whatever it does, nothing of it lives on: all its processes end with it, with a
 * timeout, with `signal`, and with this process; mounts go with the namespaces. Resolves however the script ends. Throws
 * `unsupported` when the sandbox cannot be made, `cancelled` when `signal` aborts.
 */
export async function runSandboxed(abilities: Abilities, run: SandboxRun, tools: () => HostTools): Promise<SandboxEnd> {
  // Finding what to lend takes a while, and most roots have a shell.
  const first = !mayHave(run.root, SHELLS) ? undefined : await attempt(abilities, run, NO_TOOLS);
  if (first !== undefined && first !== "no shell") return first;
  const scratch = `${run.scratch}/lent`;
  mkdirSync(scratch);
  const end = await attempt(abilities, { ...run, scratch }, toolsFor(run.root, tools()));
  if (end !== "no shell") return end;
  throw new ImgbuildError(
    "unsupported",
    "Cannot run a script in this root: no shell of it runs on this machine, and none can be lent to it",
    {
      hint: "Put a shell for this machine's architecture into copyToRoot or the base; or install busybox-static here",
    },
  );
}

const NO_TOOLS: HostTools = { linked: undefined, busybox: undefined };

/** A program without libraries is of use only where those of this machine have no place. */
function toolsFor(root: SandboxRoot, tools: HostTools): HostTools {
  const { linked } = tools;
  return linked === undefined || mayHave(root, linked.libraries) ? tools : { linked, busybox: undefined };
}

/** Whether a root has something at one of these paths; what cannot be looked at may be there. */
function mayHave(root: SandboxRoot, paths: readonly string[]): boolean {
  if (root.kind === "host") return true;
  const directories = root.kind === "directory" ? [root.directory] : [...root.lower, root.upper];
  return directories.some((directory) => paths.some((path) => mayBe(directory, path.slice(1).split("/"))));
}

function mayBe(directory: string, [name = "", ...rest]: readonly string[]): boolean {
  try {
    const stat = lstatSync(`${directory}/${name}`, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true && rest.length > 0) return mayBe(`${directory}/${name}`, rest);
    return stat?.isSymbolicLink() === true || (stat?.isFile() === true && rest.length === 0);
  } catch {
    return true;
  }
}

async function attempt(abilities: Abilities, run: SandboxRun, tools: HostTools): Promise<SandboxEnd | "no shell"> {
  if (run.signal.aborted) throw cancelled();
  writeRunFiles(abilities, run, tools);
  const { terminal } = run;
  const started = startMapped(abilities, [abilities.tool("sh") ?? "sh", "./init.sh"], {
    stdio: terminal === true ? ["inherit", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    namespaces: run.network ? SPACES : ["--net", ...SPACES],
    cwd: run.scratch,
  });
  const tail = new OutputTail();
  for (const stream of [started.child.stdout, started.child.stderr]) {
    stream?.on("data", (bytes: Buffer) => {
      tail.add(bytes);
      run.onOutput(bytes);
    });
  }
  const { said, code, timedOut, diskFull } = await follow(abilities, started, run);
  const stopped = timedOut || diskFull !== undefined;
  if (run.signal.aborted) throw cancelled();
  const ended = /^exit (\d+)$/m.exec(said);
  const failed = /^fail (.*)$/m.exec(said);
  if (failed?.[1] === "no-shell" && !stopped) return "no shell";
  if (failed !== null) throw setUpFailed(abilities, failed[1] ?? "", said);
  if (ended === null && !stopped && !said.includes("started"))
    throw noNamespaces(abilities, `${said} ${tail.lines().join(" ")}`.trim() || `exit code ${code}`);
  const status = ended === null ? 137 : Number(ended[1]);
  const killed = status > 128 && status < 193 ? signalName(status - 128) : undefined;
  return {
    code: killed === undefined ? status : null,
    signal: killed,
    timedOut,
    diskFull,
    fileMarks: /^fuse$/m.test(said),
    tail: tail.lines(),
    devices: readDevices(`${run.scratch}/guest/devices`),
  };
}

interface Followed {
  readonly said: string;
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly diskFull: DiskEnd | undefined;
}

/** Where what a script writes comes to lie. */
function written({ root, binds, scratch }: SandboxRun): string {
  if (root.kind === "overlay") return root.upper;
  if (root.kind === "directory") return root.directory;
  return binds.find(({ readOnly }) => !readOnly)?.source ?? scratch;
}

/** Waits for the end of the sandbox, or brings it about. */
async function follow(abilities: Abilities, started: MappedProcess, run: SandboxRun): Promise<Followed> {
  const { child, status, ready } = started;
  let said = "";
  let timedOut = false;
  let diskFull: DiskEnd | undefined;
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  closed.catch(() => undefined);
  const kill = () => child.kill("SIGKILL");
  const timer =
    run.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill();
        }, run.timeoutMs);
  const stopWatch = watchDisk(abilities, {
    ...{ path: run.scratch, files: written(run), limit: run.limits.diskBytes, signal: run.signal },
    onFull: (why) => {
      diskFull = why;
      kill();
    },
  });
  run.signal.addEventListener("abort", kill, { once: true });
  try {
    await ready;
    status.on("data", (bytes: Buffer) => {
      if (said.length < 1 << 16) said += bytes.toString("utf8");
    });
    const code = await closed;
    return { said, code, timedOut, diskFull };
  } catch (error) {
    kill();
    await closed.catch(() => undefined);
    if (run.signal.aborted || timedOut) return { said, code: null, timedOut, diskFull };
    throw error;
  } finally {
    clearTimeout(timer);
    stopWatch();
    run.signal.removeEventListener("abort", kill);
  }
}

function cancelled(): ImgbuildError {
  return new ImgbuildError("cancelled", "Cancelled while a script ran");
}

function setUpFailed(abilities: Abilities, reason: string, said: string): ImgbuildError {
  const detail = said
    .split("\n")
    .filter((line) => line !== "" && !/^(fail|exit) |^fuse$/.test(line))
    .join("; ");
  const hint = /unrecognized option|invalid option|BusyBox/.test(detail)
    ? "Install util-linux and mount: those of busybox cannot make a sandbox"
    : reason.startsWith("overlay")
      ? "Name a directory on a local disk with --cache-dir; in a container, one on a volume: the container's own files are an overlay already. Or install fuse-overlayfs, which needs /dev/fuse"
      : reason.includes("/proc")
        ? "In a container, run it with --privileged, or with --security-opt systempaths=unconfined (podman: unmask=ALL)"
        : abilities.mode === "single"
          ? `${abilities.missingIds}. ${idsHint(abilities)}`
          : undefined;
  return new ImgbuildError("unsupported", `Cannot run a script: ${reason}${detail === "" ? "" : ` (${detail})`}`, {
    hint,
  });
}

const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  6: "SIGABRT",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
  25: "SIGXFSZ",
};

function signalName(number: number): string | undefined {
  return SIGNALS[number];
}

function readDevices(path: string): Map<string, RecordedDevice> {
  const found = new Map<string, RecordedDevice>();
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return found;
  }
  for (const line of text.split("\n")) {
    const match = /^([bcu]) (\d{1,7}) (\d{1,7}) (\/.*)$/.exec(line);
    if (match === null) continue;
    const type = match[1] === "b" ? "block" : "char";
    found.set(match[4] ?? "", { type, major: Number(match[2]), minor: Number(match[3]) });
  }
  return found;
}
