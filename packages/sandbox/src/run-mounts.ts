import {
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Abilities } from "./abilities.ts";
import { DEVICES } from "./helper-scripts.ts";
import { makeDirectory, makeFile } from "./make-file.ts";
import { bindEntry, lockedOptions, type MountEntry, mountTable } from "./mount-table.ts";
import { BUILDER_ID, type SandboxBind, type SandboxRoot } from "./sandbox-run.ts";
import { shQuote as q } from "./sh-quote.ts";

/** Where user 0 is that of the machine, the kernel's knobs would obey it. */
const READ_ONLY_PROC = ["sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi"];
const HIDDEN_PROC = ["kcore", "keys", "latency_stats", "timer_list", "sched_debug"];

/** What a root of this machine's programs shows. */
const HOST_PATHS = "usr bin sbin lib lib32 lib64 libx32 etc/alternatives etc/ld.so.cache nix/store gnu/store".split(
  " ",
);

/** The mounts of one run, as tables and shell text in its scratch directory. */
export class RunMounts {
  readonly #abilities: Abilities;
  readonly #scratch: string;
  readonly #mountinfo = textOf("/proc/self/mountinfo");

  constructor(abilities: Abilities, scratch: string) {
    this.#abilities = abilities;
    this.#scratch = scratch;
  }

  /** Shell text that mounts the root at `root`. */
  rootText(root: SandboxRoot, binds: readonly SandboxBind[]): string {
    if (root.kind === "host") {
      writeFileSync(`${this.#scratch}/root-mounts`, mountTable(this.#hostRoot(binds)));
      return 'mount --all --fstab root-mounts 2>&4 || die "cannot mount the programs of this machine"';
    }
    if (root.kind === "directory" || root.lower.length === 0) {
      const directory = root.kind === "directory" ? root.directory : root.upper;
      const options = ["bind", ...this.#options(directory, ["nodev"])].join(",");
      return `mount -o ${options} ${q(directory)} ./root 2>&4 || die "cannot mount the root"`;
    }
    const lower = root.lower
      .map((_, i) => `l/${i}`)
      .reverse()
      .join(":");
    const stack = `lowerdir=${lower},upperdir=upper,workdir=work`;
    const kind = this.#overlayOptions();
    const fuse = this.#abilities.tool("fuse-overlayfs");
    // It ends with the script, so what was made for mounts is removed where it wrote it.
    const other = fuse === undefined ? "" : ` || { ${q(fuse)} -o ${stack} root 2>&4 && top=upper && echo fuse >&4; }`;
    return `mount -t overlay -o nodev,${stack},${kind} overlay ./root 2>errors${other} || { cat errors >&4; die "overlay cannot stack the layers here"; }`;
  }

  /** Writes the tables of what every script finds around it. */
  writeTables(): void {
    const hiding = ["nosuid", "nodev", "noexec", "hidepid=4"];
    writeFileSync(`${this.#scratch}/mounts`, mountTable(this.#around(hiding)));
    writeFileSync(`${this.#scratch}/mounts-older`, mountTable(this.#around(hiding.slice(0, -1))));
  }

  /** Shell text that makes a mount which the caller asked for. */
  bindText({ source, target, readOnly, changes, yields }: SandboxBind, number: number): string {
    if (changes !== undefined) {
      // Links keep odd characters of paths out of the options.
      const links = `${this.#scratch}/o${number}`;
      makeDirectory(links);
      symlinkSync(source, `${links}/lower`);
      symlinkSync(changes.upper, `${links}/upper`);
      symlinkSync(changes.work, `${links}/work`);
      return `overlay ${q(source)} ${q(inside(target))} o${number} ${this.#overlayOptions()}`;
    }
    const options = this.#options(source, ["nodev", ...(readOnly ? ["ro", "nosuid"] : [])]);
    const text = `bind ${q(source)} ${q(inside(target))} ${options.join(",")}`;
    if (yields !== true) return text;
    const there = q(`root/${inside(target)}`);
    return `[ -e ${there} ] || [ -L ${there} ] || ${text}`;
  }

  #around(proc: readonly string[]): MountEntry[] {
    const root = this.#abilities.mode === "root";
    const device = (name: string): MountEntry | undefined =>
      root
        ? bindEntry(`devs/${name}`, `root/dev/${name}`, ["nosuid"])
        : existsSync(`/dev/${name}`)
          ? bindEntry(`/dev/${name}`, `root/dev/${name}`, this.#options("/dev", ["nosuid"]))
          : undefined;
    const knob = (name: string, at: string, options: readonly string[]): MountEntry | undefined =>
      existsSync(`/proc/${name}`) ? bindEntry(at, `root/proc/${name}`, options) : undefined;
    const guarded = ["ro", "nosuid", "nodev", "noexec"];
    const entries = [
      { source: "proc", target: "root/proc", type: "proc", options: proc },
      ...(root ? READ_ONLY_PROC.map((name) => knob(name, `root/proc/${name}`, guarded)) : []),
      ...(root ? HIDDEN_PROC.map((name) => knob(name, "devs/null", ["ro", "nosuid"])) : []),
      bindEntry("dev", "root/dev", this.#options(this.#scratch, ["nosuid", "nodev"])),
      ...DEVICES.map(device),
      { source: "tmpfs", target: "root/dev/shm", type: "tmpfs", options: ["nosuid", "nodev", "mode=1777", "size=64m"] },
      bindEntry("guest", "root/.imgbuild", this.#options(this.#scratch, ["nosuid", "nodev"])),
    ];
    return entries.filter((entry) => entry !== undefined);
  }

  #overlayOptions(): string {
    return this.#abilities.mode === "root" ? "redirect_dir=off,metacopy=off,index=off" : "userxattr";
  }

  /** Options of a bind mount, with those that the mount of its source must keep. */
  #options(source: string, wanted: readonly string[]): string[] {
    return [...new Set([...wanted, ...lockedOptions(this.#mountinfo, realPath(source))])];
  }

  /** A directory with places for the machine's programs and for `binds`; read-only, so that nothing written there gets lost. */
  #hostRoot(binds: readonly SandboxBind[]): MountEntry[] {
    const skeleton = `${this.#scratch}/host`;
    const place = (path: string, directory: boolean): void => {
      if (existsSync(`${skeleton}/${path}`)) return;
      makeDirectory(directory ? `${skeleton}/${path}` : dirname(`${skeleton}/${path}`));
      if (!directory) makeFile(`${skeleton}/${path}`, "");
    };
    for (const name of ["etc", "proc", "dev", ".imgbuild", "tmp"]) place(name, true);
    for (const { source, target } of binds) place(inside(target), isDirectory(source));
    const shown: MountEntry[] = [];
    for (const path of HOST_PATHS) {
      const stat = lstatSync(`/${path}`, { throwIfNoEntry: false });
      if (stat === undefined || (stat.isSymbolicLink() && existsSync(`${skeleton}/${path}`))) continue;
      if (stat.isSymbolicLink()) {
        symlinkSync(readlinkSync(`/${path}`), `${skeleton}/${path}`);
        continue;
      }
      place(path, stat.isDirectory());
      shown.push(bindEntry(`/${path}`, `root/${path}`, this.#options(`/${path}`, ["ro", "nosuid", "nodev"])));
    }
    makeFile(`${skeleton}/etc/passwd`, PASSWD);
    makeFile(`${skeleton}/etc/group`, GROUP);
    const own = this.#options(this.#scratch, ["nosuid", "nodev"]);
    return [
      bindEntry("host", "root", ["ro", ...own]),
      ...shown,
      // The same /tmp as TMPDIR.
      bindEntry("guest/tmp", "root/tmp", own),
    ];
  }
}

const PASSWD = `root:x:0:0:root:/root:/bin/sh
builder:x:${BUILDER_ID}:${BUILDER_ID}:builder:/:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
`;
const GROUP = `root:x:0:
builder:x:${BUILDER_ID}:
nogroup:x:65534:
`;

/** A path inside, relative to the root. */
function inside(target: string): string {
  return target
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function isDirectory(path: string): boolean {
  // What only the mapped ids may look at is a directory of theirs.
  try {
    return statSync(path).isDirectory();
  } catch {
    return true;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
