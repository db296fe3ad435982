import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { byCodeUnit } from "@imgbuild/graph";
import { CONFIG_FILE, DEFINITION_FILE } from "./find-workspace.ts";
import { walk } from "./walk.ts";

/** Where definitions are looked for. */
export interface Place {
  /** Absolute. */
  readonly workspaceRoot: string;
  /** The store, relative to the workspace: nothing below it is a definition. Null when it is elsewhere. */
  readonly cacheDir: string | null;
}

/** Hidden directories, and those that no label can name. */
const UNNAMEABLE = /^\.|[:\\\p{Cc}]/u;
const NEVER = new Set(["dist"]);

/**
 * Directories, relative to the workspace and sorted, that hold a definition, `dir` and below. Not entered: node_modules,
 * dist, hidden directories, the store, and workspaces inside the workspace.
 */
export function discover(place: Place, dir: string): string[] {
  const found: string[] = [];
  const nested: string[] = [];
  const options = {
    file(path: string) {
      if (path.endsWith(DEFINITION_FILE)) {
        if (path === DEFINITION_FILE) found.push("");
        else if (path.endsWith(`/${DEFINITION_FILE}`)) found.push(path.slice(0, -DEFINITION_FILE.length - 1));
      } else if (path.endsWith(`/${CONFIG_FILE}`)) nested.push(path.slice(0, -CONFIG_FILE.length));
    },
    enter: (path: string, name: string) => !UNNAMEABLE.test(name) && !NEVER.has(name) && path !== place.cacheDir,
  };
  walk(place.workspaceRoot, dir, options);
  const own = found.filter((path) => !nested.some((other) => other !== `${dir}/` && `${path}/`.startsWith(other)));
  return own.sort(byCodeUnit);
}

/** The definition in a directory, relative to the workspace. */
export function definitionIn(dir: string): string {
  return dir === "" ? DEFINITION_FILE : `${dir}/${DEFINITION_FILE}`;
}

/** The directory of a definition. */
export function directoryOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.lastIndexOf("/")) : "";
}

/** Whether a directory holds a definition. */
export function hasDefinition(place: Place, dir: string): boolean {
  const file = join(place.workspaceRoot, definitionIn(dir));
  return existsSync(file) && statSync(file).isFile();
}
