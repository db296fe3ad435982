import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync, realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Abilities } from "./abilities.ts";

/**
 * A shell and the usual small programs of this machine, for a root that has none of its own. `static`: one busybox without
 * libraries. `dynamic`: programs and the libraries they load, which must stand where they stand here.
 */
export type HostTools =
  | { readonly kind: "static"; readonly busybox: string; readonly applets: readonly string[] }
  | {
      readonly kind: "dynamic";
      /** The directory of the programs. */
      readonly directory: string;
      /** Name in PATH → name in that directory. */
      readonly programs: ReadonlyMap<string, string>;
      /** Absolute paths of the loader and libraries. */
      readonly libraries: readonly string[];
    }
  | { readonly kind: "none" };

const NAMES =
  "[ arch awk b2sum base32 base64 basename bash cat chgrp chmod chown chroot cksum cmp comm cp csplit cut date dd df diff dir dirname du echo egrep env expand expr factor false fgrep find fmt fold getent grep groups gunzip gzip head hostname id install join link ln ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf pwd readlink realpath rm rmdir sed seq sh sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tar tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc which who whoami xargs yes zcat".split(" ");

/** Finds the programs; asks the loader for their libraries. */
export function findHostTools(abilities: Abilities): HostTools {
  const busybox = abilities.tool("busybox");
  if (busybox !== undefined && isStatic(busybox)) {
    const applets = spawnSync(busybox, ["--list"], { encoding: "utf8" }).stdout.split("\n").filter((name) => /^[\w[-]+$/.test(name));
    if (applets.includes("sh")) return { kind: "static", busybox: realpathSync(busybox), applets };
  }
  return dynamicTools(abilities);
}

function dynamicTools(abilities: Abilities): HostTools {
  const shell = abilities.tool("bash") ?? abilities.tool("sh");
  const ldd = abilities.tool("ldd");
  if (shell === undefined || ldd === undefined) return { kind: "none" };
  const directory = dirname(realpathSync(shell));
  const programs = new Map<string, string>();
  for (const name of NAMES) {
    const path = abilities.tool(name);
    const real = path === undefined ? undefined : realpathSync(path);
    if (real !== undefined && dirname(real) === directory) programs.set(name, basename(real));
  }
  const paths = [...new Set(programs.values())].map((name) => `${directory}/${name}`);
  const listed = spawnSync(ldd, paths, { encoding: "utf8", env: { LC_ALL: "C", PATH: "/usr/bin:/bin" } }).stdout ?? "";
  const libraries = [...listed.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)].map((match) => match[1] ?? "");
  const unique = [...new Set(libraries)].sort();
  return unique.length === 0 || !programs.has("sh") ? { kind: "none" } : { kind: "dynamic", directory, programs, libraries: unique };
}

/** Whether an ELF program names no loader. */
function isStatic(path: string): boolean {
  const head = Buffer.alloc(4096);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  if (head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return false;
  const at = Number(head.readBigUInt64LE(32));
  const [size, count] = [head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let i = 0; i < count && at + i * size + 4 <= head.length; i++) {
    if (head.readUInt32LE(at + i * size) === 3) return false;
  }
  return true;
}
