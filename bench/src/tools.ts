import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findTool } from "@imgbuild/testkit";
import { cleanEnvironment } from "./run-process.ts";

const VERSION_ARGS: Readonly<Record<string, readonly string[]>> = {
  tar: ["--version"],
  openssl: ["version"],
  pigz: ["--version"],
  zstd: ["--version"],
  docker: ["--version"],
  dockerd: ["--version"],
  buildah: ["--version"],
  git: ["--version"],
};

/** The peers that are installed: name → path. */
export interface Tools {
  readonly paths: ReadonlyMap<string, string>;
  /** name → its own words about its version. */
  readonly versions: Readonly<Record<string, string>>;
  has(...names: readonly string[]): boolean;
  path(name: string): string;
}

/** Looks for the peers. turbo is the one of this repository: the launcher that npm installs, and the native program behind it. */
export function findTools(root: string): Tools {
  const paths = new Map<string, string>();
  const versions: Record<string, string> = {};
  for (const name of Object.keys(VERSION_ARGS)) {
    const path = findTool(name);
    if (path !== undefined) paths.set(name, path);
  }
  const turbo = {
    turbo: join(root, "node_modules/.bin/turbo"),
    "turbo-native": join(root, "node_modules/@turbo", `${process.platform}-${archName()}`, "bin/turbo"),
  };
  for (const [name, path] of Object.entries(turbo)) if (existsSync(path)) paths.set(name, path);
  for (const [name, path] of paths) {
    const said = spawnSync(path, VERSION_ARGS[name] ?? ["--version"], { encoding: "utf8", env: cleanEnvironment() });
    versions[name] = `${said.stdout}${said.stderr}`.trim().split("\n")[0] ?? "";
  }
  return {
    paths,
    versions,
    has: (...names) => names.every((name) => paths.has(name)),
    path: (name) => paths.get(name) ?? name,
  };
}

function archName(): string {
  return process.arch === "x64" ? "64" : process.arch;
}
