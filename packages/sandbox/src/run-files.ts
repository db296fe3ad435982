import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import type { Abilities } from "./abilities.ts";
import { DEVICES, enterScript, initScript, MKNOD_STAND_IN, SHELLS } from "./helper-scripts.ts";
import type { HostTools } from "./host-tools.ts";
import { makeDirectory, makeFile } from "./make-file.ts";
import { RunMounts } from "./run-mounts.ts";
import { BUILDER_ID, type SandboxRun } from "./sandbox-run.ts";
import { shQuote as q } from "./sh-quote.ts";
import { libraryMounts, toolLinks, toolMounts } from "./tool-mounts.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What Docker gives to a build step; mknod makes nodes that no mount of the sandbox lets anybody open. */
const CAPABILITIES =
  "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap";

/** Whether devices must be noted instead of made. */
function needsStandIn({ mode }: Abilities, run: Pick<SandboxRun, "user">): boolean {
  return mode !== "root" && run.user === "root";
}

/** Writes the files of a run into its scratch directory: helper scripts, the user's script, links to the lower layers. */
export function writeRunFiles(abilities: Abilities, run: SandboxRun, tools: HostTools): void {
  const { scratch, command, root } = run;
  const ownDevices = abilities.mode === "root";
  makeGuest(scratch, tools);
  makeDev(`${scratch}/dev`);
  for (const name of ["root", "devs", "l"]) mkdirSync(`${scratch}/${name}`);
  if ("script" in command) makeFile(`${scratch}/guest/script`, command.script, 0o755);
  const standIn = needsStandIn(abilities, run);
  if (standIn) {
    writeFileSync(`${scratch}/mknod.sh`, MKNOD_STAND_IN);
    makeFile(`${scratch}/guest/devices`, "", 0o666);
    makeFile(`${scratch}/guest/bin/mknod`, "", 0o755);
  }
  if (root.kind === "overlay") {
    for (const [i, directory] of root.lower.entries()) symlinkSync(directory, `${scratch}/l/${i}`);
    symlinkSync(root.upper, `${scratch}/upper`);
    symlinkSync(root.work, `${scratch}/work`);
  }
  const mounts = new RunMounts(abilities, scratch);
  const mountRoot = mounts.rootText(root, run.binds);
  writeFileSync(`${scratch}/init.sh`, initScript({ mountRoot, ownDevices, ip: abilities.tool("ip") }));
  mounts.writeTables();
  writeFileSync(`${scratch}/libraries`, libraryMounts(tools));
  const text = enterScript({
    ownDevices,
    network: run.network,
    binds: run.binds.map((bind, i) => mounts.bindText(bind, i)).join("\n"),
    wrap: wrapWords(abilities, run).map(q).join(" "),
    shell: root.kind === "host" ? hostShell(abilities) : undefined,
    tools: toolMounts(tools),
    standIn,
    argv: "argv" in command ? command.argv : hasInterpreter(command.script) ? ["/.imgbuild/script"] : undefined,
    cwd: run.cwd,
    terminal: run.terminal === true,
  });
  writeFileSync(`${scratch}/enter.sh`, text);
}

/** Whether the first line of a script names a program that is no shell. A shell is the one that there is, with `-e`. */
export function hasInterpreter(script: string): boolean {
  const words = /^#!([^\n]*)/.exec(script)?.[1]?.trim().split(/\s+/) ?? [];
  const names = words.map((word) => word.slice(word.lastIndexOf("/") + 1));
  const [first = "", second = ""] = names;
  const name = first === "env" ? second : first;
  return name !== "" && !/^(?:ba|da|a|k|z)?sh$|^busybox$/.test(name);
}

/** What is mounted as /.imgbuild. */
function makeGuest(scratch: string, tools: HostTools): void {
  const guest = `${scratch}/guest`;
  for (const name of ["bin", "linked", "busybox"]) makeDirectory(`${guest}/${name}`);
  makeDirectory(`${guest}/tmp`, 0o1777);
  for (const [name, target] of toolLinks(tools)) symlinkSync(target, `${guest}/${name}`);
}

/** What is mounted as /dev. */
function makeDev(directory: string): void {
  makeDirectory(directory);
  for (const name of DEVICES) writeFileSync(`${directory}/${name}`, "");
  for (const name of ["pts", "shm"]) mkdirSync(`${directory}/${name}`);
  for (const [name, target] of DEV_LINKS) symlinkSync(target, `${directory}/${name}`);
}

const DEV_LINKS = [
  ["ptmx", "pts/ptmx"],
  ["fd", "/proc/self/fd"],
  ["stdin", "fd/0"],
  ["stdout", "fd/1"],
  ["stderr", "fd/2"],
] as const;

/** The shell of this machine, as a root of its programs has it. */
function hostShell({ tool }: Abilities): string | undefined {
  return [tool("bash"), tool("sh")].find((path) => path !== undefined && SHELLS.includes(path));
}

function wrapWords(abilities: Abilities, run: SandboxRun): string[] {
  const { mode, tool } = abilities;
  const name = (program: string) => tool(program) ?? program;
  const builder = run.user === "builder";
  const other = builder && mode !== "single";
  const caps = !builder ? CAPABILITIES : other ? "-all,+sys_chroot,+setuid,+setgid" : "-all,+sys_chroot";
  const { openFiles, processes, fileBytes } = run.limits;
  const limits = [
    ...(openFiles === undefined ? [] : [`--nofile=${openFiles}`]),
    ...(processes === undefined ? [] : [`--nproc=${processes}`]),
    ...(fileBytes === undefined ? [] : [`--fsize=${fileBytes}`]),
  ];
  return [
    name("setpriv"),
    ...(mode === "single" ? [] : ["--clear-groups"]),
    ...(builder ? ["--no-new-privs"] : []),
    ...["--inh-caps", "-all", "--bounding-set", caps],
    ...(limits.length === 0 ? [] : [name("prlimit"), ...limits]),
    name("env"),
    "-i",
    ...Object.entries(environmentOf(abilities, run)).map(([key, value]) => `${key}=${value}`),
    name("chroot"),
    ...(other ? [`--userspec=${BUILDER_ID}:${BUILDER_ID}`, "--groups="] : []),
  ];
}

function environmentOf(abilities: Abilities, run: SandboxRun): Record<string, string> {
  const front = needsStandIn(abilities, run) ? "/.imgbuild/bin:" : "";
  return {
    PATH: `${front}${PATH}:/.imgbuild/tools`,
    HOME: run.user === "root" && run.root.kind !== "host" ? "/root" : "/.imgbuild/tmp",
    TMPDIR: "/.imgbuild/tmp",
    TZ: "UTC",
    LC_ALL: "C",
    SOURCE_DATE_EPOCH: "1",
    ...run.env,
  };
}
