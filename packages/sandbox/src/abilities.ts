import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { ImgbuildError } from "@imgbuild/errors";
import { type IdRange, subordinateMap } from "./id-map.ts";
import type { SandboxHost } from "./sandbox-host.ts";

/** How users of the sandbox are made: by being root, with subordinate ids, or with the one id there is. */
export type IdMode = "root" | "subordinate" | "single";

/** What this machine has for a sandbox. */
export interface Abilities {
  readonly host: SandboxHost;
  readonly mode: IdMode;
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
  /** Why the mode is `single`; empty otherwise. */
  readonly missingIds: string;
  /** Absolute path of a program; undefined when it is not installed. */
  readonly tool: (name: string) => string | undefined;
}

const REQUIRED = ["unshare", "setpriv", "mount", "umount", "chroot", "env", "sh", "tar"] as const;
const USUAL = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * Looks for what a sandbox needs; runs nothing. Throws `unsupported` with what is missing. Whether the kernel lets us, the
 * first run says.
 */
export function findAbilities(host: SandboxHost, platform: string): Abilities {
  if (platform !== "linux") {
    throw new ImgbuildError("unsupported", `Cannot run a script on ${platform}: its sandbox needs Linux namespaces`, {
      hint: "Build on Linux (a virtual machine will do), or replace the script by sources such as tree({ … })",
    });
  }
  const tool = finder(host.path);
  const missing = REQUIRED.filter((name) => tool(name) === undefined);
  if (missing.length > 0) {
    throw new ImgbuildError("unsupported", `Cannot run a script: ${missing.join(", ")} not found in PATH`, {
      hint: "Install the packages util-linux, mount, coreutils and tar",
    });
  }
  if (host.uid === 0) return { host, mode: "root", uidMap: [], gidMap: [], missingIds: "", tool };
  return { host, tool, ...subordinateIds(host, tool) };
}

function subordinateIds(
  host: SandboxHost,
  tool: (name: string) => string | undefined,
): Pick<Abilities, "mode" | "uidMap" | "gidMap" | "missingIds"> {
  const uidMap = subordinateMap(textOf("/etc/subuid"), { id: host.uid, name: host.userName });
  const gids = subordinateMap(textOf("/etc/subgid"), { id: host.uid, name: host.userName });
  const gidMap = gids.map((range) => (range.inside === 0 ? { ...range, outside: host.gid } : range));
  const lacks = [
    ...(tool("newuidmap") === undefined || tool("newgidmap") === undefined
      ? ["newuidmap and newgidmap are not installed"]
      : []),
    ...(uidMap.length === 0 ? [`/etc/subuid has no line for ${host.userName}`] : []),
    ...(gidMap.length === 0 ? [`/etc/subgid has no line for ${host.userName}`] : []),
  ];
  if (lacks.length === 0) return { mode: "subordinate", uidMap, gidMap, missingIds: "" };
  return { mode: "single", uidMap: [], gidMap: [], missingIds: lacks.join("; ") };
}

/** What to do about missing subordinate ids. */
export function idsHint({ host }: Abilities): string {
  return `Install the package uidmap, and give the user ids: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${host.userName}`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function finder(path: string): (name: string) => string | undefined {
  const directories = [...new Set([...path.split(":").filter((part) => part.startsWith("/")), ...USUAL])];
  const found = new Map<string, string | undefined>();
  return (name) => {
    if (!found.has(name)) found.set(name, directories.map((directory) => `${directory}/${name}`).find(isProgram));
    return found.get(name);
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
