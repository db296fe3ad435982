import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { byCodeUnit, hashParts } from "@imgbuild/graph";
import { CONFIG_FILE, DEFINITION_FILE } from "./find-workspace.ts";
import type { EvaluationCache } from "./saved-evaluation.ts";
import { searchDirectories } from "./search-directories.ts";

/** Where definitions are looked for. */
export interface Place {
  /** Absolute. */
  readonly workspaceRoot: string;
  /** The store, relative to the workspace: nothing below it is a definition. Null when it is elsewhere. */
  readonly cacheDir: string | null;
  /** Remembers directories, so that those that did not change are not listed again. */
  readonly searches?: EvaluationCache | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Hidden directories, and those that no label can name. */
const UNNAMEABLE = /^\.|[:\\\p{Cc}]/u;
const NEVER = new Set(["dist", "node_modules", ".git"]);

const Mark = { definition: 1, config: 2 } as const;

/**
 * Directories, relative to the workspace and sorted, that hold a definition, `dir` and below. Not entered: node_modules,
 * dist, hidden directories, the store, and workspaces inside the workspace.
 */
export function discover(place: Place, dir: string): string[] {
  const { workspaceRoot, cacheDir, searches } = place;
  const prefix = dir === "" ? "" : `${dir}/`;
  const found: string[] = [];
  const search = {
    root: join(workspaceRoot, dir),
    looksFor: (name: string) => (name === DEFINITION_FILE ? Mark.definition : name === CONFIG_FILE ? Mark.config : 0),
    visit(relative: string, marks: number) {
      if (relative !== "" && (marks & Mark.config) !== 0) return false;
      if ((marks & Mark.definition) !== 0) found.push(relative === "" ? dir : `${prefix}${relative}`);
      return true;
    },
    enter: (relative: string, name: string) =>
      !UNNAMEABLE.test(name) && !NEVER.has(name) && `${prefix}${relative}` !== cacheDir,
  };
  const key = hashParts("imgbuild.search", [workspaceRoot, dir]);
  searchDirectories(search, { cache: searches, key, now: () => place.now() });
  return found.sort(byCodeUnit);
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
