import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { ImgbuildError } from "@imgbuild/errors";
import { type Abilities, idsHint } from "./abilities.ts";
import { mapArguments } from "./id-map.ts";
import { inheritedFiles } from "./inherited-files.ts";

/** A program that runs as root of the mapped ids, and dies with us. */
export interface MappedProcess {
  readonly child: ChildProcess;
  /** What it writes to fd 4. */
  readonly status: Readable;
  /** Resolves when the ids are mapped and the program is on its way. Rejects with `unsupported`. */
  readonly ready: Promise<void>;
}

/** How a mapped process is started. */
export interface MappedOptions {
  readonly stdio: readonly ["ignore" | "pipe" | "inherit", "pipe" | "inherit", "pipe" | "inherit"];
  /** Namespaces beside that of users, as flags of unshare(1), e.g. `--mount`. */
  readonly namespaces: readonly string[];
  readonly cwd: string;
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Waits for its ids, then becomes the program. Caps come back with the exec, once the user is root inside. */
const GATE = 'echo ready >&4; read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

/**
 * Starts `argv` as root: the real one, or that of a user namespace with our ids. When this process dies, so does it, with
 * all below it if a pid namespace is among `namespaces`.
 */
export function startMapped(abilities: Abilities, argv: readonly string[], options: MappedOptions): MappedProcess {
  const { tool, mode } = abilities;
  const unshare = tool("unshare") ?? "unshare";
  const spaces = options.namespaces;
  const inner = spaces.length === 0 ? argv : [unshare, ...spaces, "--", ...argv];
  const dying = [tool("setpriv") ?? "setpriv", "--pdeathsig", "KILL"];
  // A new user namespace brings capabilities, and who gains some is no longer killed with its parent: it asks again.
  const gate = [unshare, "--user", "--", tool("sh") ?? "sh", "-c", GATE, "sh", ...dying, ...inner];
  const single = [unshare, "--map-root-user", "--", ...dying, ...inner];
  const [command = "", ...args] = [...dying, ...(mode === "root" ? inner : mode === "single" ? single : gate)];
  const env = { PATH: `${PATH}:${abilities.host.path}`, LC_ALL: "C", LIBMOUNT_FORCE_MOUNT2: "always" };
  const detached = options.stdio[0] !== "inherit";
  const child = withoutInherited([...options.stdio, "pipe", "pipe"], (stdio) =>
    spawn(command, args, { cwd: options.cwd, env, stdio, detached }),
  );
  const control = child.stdio[3] as Writable;
  const status = child.stdio[4] as Readable;
  control.on("error", () => undefined);
  if (mode === "subordinate") return { child, status, ready: admit(abilities, { child, control, status }) };
  control.end();
  return { child, status, ready: Promise.resolve() };
}

/**
 * Starts a program without what our caller had open: a script that writes to such a descriptor, or goes through one of a directory,
 * would touch files of this machine. A socket without another end stands there instead; the mode of /dev/null could be changed.
 */
function withoutInherited(
  given: readonly ("ignore" | "pipe" | "inherit")[],
  start: (stdio: StdioOptions) => ChildProcess,
): ChildProcess {
  const inherited = inheritedFiles(given.length - 1);
  const stdio = [...given];
  for (const descriptor of inherited) {
    while (stdio.length < descriptor) stdio.push("ignore");
    stdio.push("pipe");
  }
  const child = start(stdio);
  const streams: readonly (Readable | Writable | null | undefined)[] = child.stdio;
  for (const descriptor of inherited) streams[descriptor]?.destroy();
  return child;
}

interface Gate {
  readonly child: ChildProcess;
  readonly control: Writable;
  readonly status: Readable;
}

async function admit(abilities: Abilities, { child, control, status }: Gate): Promise<void> {
  const waiting = await new Promise<boolean>((resolve) => {
    const answer = (ready: boolean) => {
      status.off("readable", look);
      resolve(ready);
    };
    // Only the first line is taken: what follows belongs to the program.
    const look = () => {
      const line: Buffer | null = status.read(6);
      if (line !== null) answer(true);
    };
    status.on("readable", look);
    status.once("end", () => answer(false));
    child.once("error", () => answer(false));
    child.once("exit", () => answer(false));
    look();
  });
  if (!waiting) throw noNamespaces(abilities);
  const pid = String(child.pid ?? 0);
  for (const [name, map] of [
    ["newuidmap", abilities.uidMap],
    ["newgidmap", abilities.gidMap],
  ] as const) {
    const done = spawnSync(abilities.tool(name) ?? name, [pid, ...mapArguments(map)], { encoding: "utf8" });
    if (done.status === 0) continue;
    child.kill("SIGKILL");
    throw new ImgbuildError(
      "unsupported",
      `Cannot map the subordinate ids of this user: ${name}: ${(done.stderr ?? "").trim()}`,
      {
        hint: idsHint(abilities),
      },
    );
  }
  control.end("go\n");
}

/** The error for a kernel, or a container around us, that refuses namespaces. */
export function noNamespaces({ mode }: Abilities, detail = ""): ImgbuildError {
  const hint =
    mode === "root"
      ? "This root may not make namespaces, as in most containers: start the container with --privileged, or with --cap-add SYS_ADMIN --security-opt apparmor=unconfined and the cache on a volume"
      : "Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces>0, kernel.apparmor_restrict_unprivileged_userns=0), or run as root; in a container, with --security-opt seccomp=unconfined and the cache on a volume";
  return new ImgbuildError(
    "unsupported",
    `Cannot run a script: this system refuses to make namespaces${detail === "" ? "" : `: ${detail}`}`,
    { hint },
  );
}
