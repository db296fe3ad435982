import { byCodeUnit } from "@imgbuild/graph";
import { type FirstPartyUnit, workspacesOf } from "@imgbuild/npm";
import type { Caller } from "../call.ts";
import { makeValue, type PathValue } from "../source.ts";
import { type FoundLock, join } from "./find-lock.ts";

/** What is never part of a package: installed packages, history, and credentials. */
const NEVER = ["**/.git", "**/.npmrc", "**/node_modules"];

/** The definition of an image and the settings of imgbuild are no part of what they describe. */
const DEFINITIONS = ["image.ts", "imgbuild.config.ts"];

/** The files of a package of the repository: its directory without other workspaces and what is installed in it. */
export function workspaceFiles(
  caller: Caller,
  unit: FirstPartyUnit,
  options: { readonly found: FoundLock; readonly include: readonly string[]; readonly exclude: readonly string[] },
): PathValue {
  const { found, include, exclude } = options;
  const prefix = unit.directory === "" ? "" : `${unit.directory}/`;
  const others = workspacesOf(found.lock)
    .filter((directory) => directory !== unit.directory && directory.startsWith(prefix))
    .map((directory) => literal(directory.slice(prefix.length)));
  const path = join(found.root, unit.directory);
  const left = [...new Set([...NEVER, ...DEFINITIONS, ...others, ...exclude])].sort(byCodeUnit);
  return makeValue<PathValue>({
    kind: "path",
    args: { path, include: include.length === 0 ? [] : withManifest(include), exclude: left, follow: false },
    position: caller.host.position(),
    summary: `path //${path}`,
  });
}

/** Node reads `type` and `imports` there: files without their package.json are other files. */
function withManifest(include: readonly string[]): string[] {
  return [...new Set([...include, "package.json"])].sort(byCodeUnit);
}

/** A path as a pattern that matches nothing else. */
function literal(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@|^$]/g, "\\$&");
}
