import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import type { Abilities } from "./abilities.ts";
import { DEVICES, enterScript, initScript, MKNOD_STAND_IN } from "./helper-scripts.ts";
import type { HostTools } from "./host-tools.ts";
import type { SandboxRoot, SandboxRun } from "./sandbox-run.ts";
import { shQuote as q } from "./sh-quote.ts";
import { toolLinks, toolMounts } from "./tool-mounts.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What Docker gives to a build step; mknod makes nodes that no mount of the sandbox lets anybody open. */
const CAPABILITIES =
  "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap";

/** The user of scripts that need no rights. */
export const BUILDER_ID = 1000;

/** Whether devices must be noted instead of made. */
function needsStandIn({ mode }: Abilities, run: Pick<SandboxRun, "user">): boolean {
  return mode !== "root" && run.user === "root";
}

/** Writes the files of a run into its scratch directory: helper scripts, the user's script, links to the lower layers. */
export function writeRunFiles(abilities: Abilities, run: SandboxRun, tools: HostTools): void {
  const { scratch, command } = run;
  for (const name of ["guest", "guest/bin", "guest/tmp", "root", "l"])
    mkdirSync(`${scratch}/${name}`, { recursive: true });
  chmodSync(`${scratch}/guest`, 0o755);
  chmodSync(`${scratch}/guest/bin`, 0o755);
  chmodSync(`${scratch}/guest/tmp`, 0o1777);
  makeDev(`${scratch}/dev`);
  if ("script" in command) writeFileSync(`${scratch}/guest/script`, command.script, { mode: 0o644 });
  const standIn = needsStandIn(abilities, run);
  if (standIn) {
    writeFileSync(`${scratch}/mknod.sh`, MKNOD_STAND_IN);
    writeFileSync(`${scratch}/guest/devices`, "");
    chmodSync(`${scratch}/guest/devices`, 0o666);
  }
  if (run.root.kind === "overlay") {
    for (const [i, directory] of run.root.lower.entries()) symlinkSync(directory, `${scratch}/l/${i}`);
    symlinkSync(run.root.upper, `${scratch}/upper`);
    symlinkSync(run.root.work, `${scratch}/work`);
  }
  for (const name of ["guest/linked", "guest/busybox"]) {
    mkdirSync(`${scratch}/${name}`);
    chmodSync(`${scratch}/${name}`, 0o755);
  }
  for (const [name, target] of toolLinks(tools)) symlinkSync(target, `${scratch}/guest/${name}`);
  writeFileSync(
    `${scratch}/init.sh`,
    initScript({ mountRoot: mountText(abilities, run.root), ip: abilities.tool("ip") }),
  );
  const text = enterScript({
    mode: abilities.mode,
    network: run.network,
    binds: run.binds
      .map(({ source, target, readOnly }) => `bind ${q(source)} ${q(inside(target))} ${readOnly ? "ro" : "rw"}`)
      .join("\n"),
    wrap: wrapWords(abilities, run).map(q).join(" "),
    tools: toolMounts(tools),
    standIn,
    argv: "argv" in command ? command.argv : undefined,
    cwd: run.cwd,
  });
  writeFileSync(`${scratch}/enter.sh`, text);
}

/** What is mounted as /dev. */
function makeDev(directory: string): void {
  mkdirSync(directory);
  for (const name of DEVICES) writeFileSync(`${directory}/${name}`, "");
  for (const name of ["pts", "shm"]) mkdirSync(`${directory}/${name}`);
  for (const [name, target] of DEV_LINKS) symlinkSync(target, `${directory}/${name}`);
  chmodSync(directory, 0o755);
}

const DEV_LINKS = [
  ["ptmx", "pts/ptmx"],
  ["fd", "/proc/self/fd"],
  ["stdin", "fd/0"],
  ["stdout", "fd/1"],
  ["stderr", "fd/2"],
] as const;

function inside(target: string): string {
  return target
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function mountText(abilities: Abilities, root: SandboxRoot): string {
  if (root.kind === "host") return HOST_ROOT;
  if (root.kind === "directory" || root.lower.length === 0) {
    const directory = root.kind === "directory" ? root.directory : root.upper;
    const flags = abilities.mode === "root" ? " && mount -o remount,bind,nodev root 2>&4" : "";
    return `{ mount --bind ${q(directory)} root 2>&4${flags}; } || die "cannot mount the root"`;
  }
  const lower = root.lower
    .map((_, i) => `l/${i}`)
    .reverse()
    .join(":");
  const stack = `lowerdir=${lower},upperdir=upper,workdir=work`;
  const kind = abilities.mode === "root" ? "redirect_dir=off,metacopy=off,index=off" : "userxattr";
  const fuse = abilities.tool("fuse-overlayfs");
  const other = fuse === undefined ? "" : ` || ${q(fuse)} -o ${stack} root 2>&4`;
  return `mount -t overlay -o nodev,${stack},${kind} overlay root 2>errors${other} || { cat errors >&4; die "overlay cannot stack the layers here"; }`;
}

/** Programs, libraries and the few files of /etc that they need; links stay links. */
const HOST_ROOT = `mount -t tmpfs -o nosuid,nodev,mode=755,size=1m tmpfs root 2>&4 || die "cannot mount the root"
for d in usr bin sbin lib lib32 lib64 libx32 etc/alternatives etc/ld.so.cache nix/store gnu/store; do
  if [ -L "/$d" ]; then cp -P "/$d" "root/$d"; continue; fi
  [ -e "/$d" ] || continue
  case $d in */*) mkdir -p "root/\${d%/*}" ;; esac
  if [ -d "/$d" ]; then mkdir "root/$d"; else : > "root/$d"; fi
  mount --bind "/$d" "root/$d" 2>&4 || die "cannot mount /$d"
  for flags in ,nosuid,nodev "" ,nosuid ,nodev ,nosuid,nodev,noexec; do
    mount -o "remount,bind,ro$flags" "root/$d" 2>/dev/null && break
  done
done
mkdir -p root/etc root/tmp; chmod 1777 root/tmp
printf 'root:x:0:0:root:/root:/bin/sh\\nbuilder:x:${BUILDER_ID}:${BUILDER_ID}:builder:/:/bin/sh\\nnobody:x:65534:65534:nobody:/:/bin/false\\n' > root/etc/passwd
printf 'root:x:0:\\nbuilder:x:${BUILDER_ID}:\\nnogroup:x:65534:\\n' > root/etc/group`;

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
    HOME: run.user === "root" ? "/root" : "/.imgbuild/tmp",
    TMPDIR: "/.imgbuild/tmp",
    TZ: "UTC",
    LC_ALL: "C",
    SOURCE_DATE_EPOCH: "1",
    ...run.env,
  };
}
