import type { Platform } from "@imgbuild/oci";
import type { PlatformLimits } from "../lock/lock-file.ts";

/** The C library of a Linux system. */
export type Libc = "glibc" | "musl";

/** What packages are chosen for: `linux`, `amd64`, named as in an image. */
export interface TargetPlatform extends Pick<Platform, "os" | "architecture"> {
  /** Absent: packages for either are taken. */
  readonly libc?: Libc | undefined;
}

const NODE_OS: ReadonlyMap<string, string> = new Map([
  ["windows", "win32"],
  ["solaris", "sunos"],
]);
const NODE_CPU: ReadonlyMap<string, string> = new Map([
  ["amd64", "x64"],
  ["386", "ia32"],
  ["ppc64le", "ppc64"],
  ["mips64le", "mips64el"],
  ["mipsle", "mipsel"],
]);

/**
 * Why a package cannot run on `target`, e.g. `it is for darwin`; undefined when it can. Lists are read as npm reads them
 * (npm-install-checks): `!x` excludes, `any` alone allows all.
 */
export function misfit(limits: PlatformLimits, target: TargetPlatform): string | undefined {
  const os = NODE_OS.get(target.os) ?? target.os;
  const cpu = NODE_CPU.get(target.architecture) ?? target.architecture;
  const libcOk = target.libc === undefined || limits.libc.length === 0 || allows(limits.libc, target.libc);
  if (allows(limits.os, os) && allows(limits.cpu, cpu) && libcOk && (os === "linux" || limits.libc.length === 0)) {
    return undefined;
  }
  const wants = [limits.os, limits.cpu, limits.libc].filter((list) => list.length > 0).map((list) => list.join("|"));
  return `it is for ${wants.join(" ")}`;
}

/**
 * The limits of an optional package with the C library taken from its name, for locks of npm before 10.9 or so, which
 * lack `libc`: `…-musl` and `…linuxmusl…` are for musl, `…-gnu` for glibc. Without this a glibc image would carry both.
 */
export function withLibcOfName(limits: PlatformLimits, name: string): PlatformLimits {
  if (limits.libc.length > 0 || !limits.os.includes("linux")) return limits;
  if (/(?:^|[-_]|linux)musl(?:eabihf|eabi)?(?:$|[-_])/.test(name)) return { ...limits, libc: ["musl"] };
  return /[-_]gnu(?:eabihf|eabi)?(?:$|[-_])/.test(name) ? { ...limits, libc: ["glibc"] } : limits;
}

function allows(list: readonly string[], value: string): boolean {
  if (list.length === 0 || (list.length === 1 && list[0] === "any")) return true;
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((item) => item.startsWith("!"));
}
