import { byCodeUnit } from "@imgbuild/graph";
import { type FirstPartyUnit, workspacesOf } from "@imgbuild/npm";
import type { Caller } from "../call.ts";
import { makeValue, type PathValue, type Source } from "../source.ts";
import { makeMerge, makeTree } from "../unions.ts";
import { type FoundLock, join } from "./find-lock.ts";

/** What is never part of a package: installed packages, history, and credentials. */
const NEVER = ["**/.git", "**/.npmrc", "**/node_modules"];

/** Settings of one machine, often secret, which git is usually told to ignore: only an explicit `include` brings them. */
const PRIVATE = ["**/.env", "**/.env.local", "**/.env.*.local"];

/** The definition of an image and the settings of imgbuild are no part of what they describe. */
const DEFINITIONS = ["image.ts", "imgbuild.config.ts"];

/** What files of a package of the repository are taken. */
export interface WorkspaceFilesOptions {
  readonly found: FoundLock;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Its commands, relative to it. */
  readonly commands: readonly string[];
}

/**
 * The files of a package of the repository: its directory without other workspaces and what is installed in it. Its commands are
 * executable, as npm makes them when it links the package: in a fresh clone they are not yet.
 */
export function workspaceFiles(caller: Caller, unit: FirstPartyUnit, options: WorkspaceFilesOptions): Source {
  const { found, include, exclude, commands } = options;
  const prefix = unit.directory === "" ? "" : `${unit.directory}/`;
  const others = workspacesOf(found.lock)
    .filter((directory) => directory !== unit.directory && directory.startsWith(prefix))
    .map((directory) => literal(directory.slice(prefix.length)));
  const left = [...NEVER, ...DEFINITIONS, ...(include.length === 0 ? PRIVATE : []), ...others, ...exclude];
  const path = join(found.root, unit.directory);
  const files = (patterns: { readonly include: readonly string[]; readonly exclude: readonly string[] }) =>
    makeValue<PathValue>({
      kind: "path",
      args: { path, include: sorted(patterns.include), exclude: sorted(patterns.exclude), follow: false },
      position: caller.host.position(),
      summary: `path //${path}`,
    });
  if (include.length > 0) return files({ include: [...include, "package.json"], exclude: left });
  if (commands.length === 0) return files({ include: [], exclude: left });
  const executable = commands.map(literal);
  return makeMerge(caller, [
    files({ include: [], exclude: [...left, ...executable] }),
    makeTree(caller, { "/": files({ include: executable, exclude: left }) }, { mode: 0o755 }),
  ]);
}

function sorted(patterns: readonly string[]): string[] {
  return [...new Set(patterns)].sort(byCodeUnit);
}

/** A path as a pattern that matches nothing else. */
function literal(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@|^$]/g, "\\$&");
}
