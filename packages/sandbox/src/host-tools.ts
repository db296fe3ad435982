import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Abilities } from "./abilities.ts";

/** A shell and the usual small programs of this machine, for a root that has none of its own. */
export interface HostTools {
  readonly linked: LinkedTools | undefined;
  /** One program without libraries, for roots that have a C library of their own. */
  readonly busybox: { readonly path: string; readonly applets: readonly string[] } | undefined;
}

/** Programs and the libraries they load, which must stand where they stand here. */
export interface LinkedTools {
  /** The directory of the programs. */
  readonly directory: string;
  /** Name in PATH → name in that directory. */
  readonly programs: ReadonlyMap<string, string>;
  /** Absolute paths of the loader and libraries. */
  readonly libraries: readonly string[];
}

const NAMES =
  "[ arch awk b2sum base32 base64 basename bash cat chgrp chmod chown chroot cksum cmp comm cp csplit cut date dd df diff dir dirname du echo egrep env expand expr factor false fgrep find fmt fold getent grep groups gunzip gzip head hostname id install join link ln ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf pwd readlink realpath rm rmdir sed seq sh sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tar tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc which who whoami xargs yes zcat".split(
    " ",
  );

/** Finds the programs; asks the loader for their libraries. */
export function findHostTools(abilities: Abilities): HostTools {
  return { linked: linkedTools(abilities), busybox: staticBusybox(abilities) };
}

function staticBusybox(abilities: Abilities): HostTools["busybox"] {
  const path = abilities.tool("busybox");
  if (path === undefined || !isStatic(path)) return undefined;
  const listed = spawnSync(path, ["--list"], { encoding: "utf8" }).stdout ?? "";
  const applets = listed.split("\n").filter((name) => /^[\w[-]+$/.test(name));
  return applets.includes("sh") ? { path: realpathSync(path), applets } : undefined;
}

function linkedTools(abilities: Abilities): LinkedTools | undefined {
  const shell = abilities.tool("bash") ?? abilities.tool("sh");
  const loader = shell === undefined ? "" : loaderOf(shell);
  if (shell === undefined || !loader.startsWith("/")) return undefined;
  const directory = dirname(realpathSync(shell));
  const programs = new Map<string, string>();
  for (const name of NAMES) {
    const path = abilities.tool(name);
    const real = path === undefined ? undefined : realpathSync(path);
    if (real !== undefined && dirname(real) === directory) programs.set(name, basename(real));
  }
  const paths = telling([...new Set(programs.values())].map((name) => `${directory}/${name}`));
  const script = 'for path do "$0" --list "$path"; done';
  const words = ["-c", script, loader, ...paths];
  const listed = spawnSync(abilities.tool("sh") ?? "sh", words, { encoding: "utf8", env: {} }).stdout ?? "";
  const libraries = [loader, ...[...listed.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)].map((match) => match[1] ?? "")];
  const unique = [...new Set(libraries)].sort();
  return unique.length === 0 || !programs.has("sh") ? undefined : { directory, programs, libraries: unique };
}

/** The programs among `paths` that name a library which none before them names: asking the loader about each takes long. */
function telling(paths: readonly string[]): string[] {
  const seen = new Set<string>();
  return paths.filter((path) => {
    const names = readFileSync(path, "latin1").match(/lib[\w+.-]*\.so[.\d]*/g) ?? [];
    const before = seen.size;
    for (const name of names) seen.add(name);
    return seen.size > before;
  });
}

function isStatic(path: string): boolean {
  return loaderOf(path) === "";
}

/** The loader that a 64-bit ELF program names; empty for none, `?` for anything else. */
function loaderOf(path: string): string {
  const head = Buffer.alloc(8192);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  if (head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return "?";
  const at = Number(head.readBigUInt64LE(32));
  const [size, count] = [head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let i = 0; i < count && at + i * size + 40 <= head.length; i++) {
    const entry = at + i * size;
    if (head.readUInt32LE(entry) !== 3) continue;
    const [offset, length] = [Number(head.readBigUInt64LE(entry + 8)), Number(head.readBigUInt64LE(entry + 32))];
    return head.toString("latin1", offset, offset + length - 1);
  }
  return "";
}
