import { readOptions } from "./options.ts";
import { describeValue } from "./plain.ts";
import { type Problem, throwProblems } from "./problem.ts";

/** The settings of a workspace: the default export of `imgbuild.config.ts`. */
export interface WorkspaceConfig {
  /** Where the store is: relative to the workspace, or absolute. Default `cache`. */
  readonly cacheDir?: string;
}

/** Checks the settings of a workspace; returns them frozen. Throws `definition`. */
export function readWorkspaceConfig(value: unknown): WorkspaceConfig {
  const problems: Problem[] = [];
  const { cacheDir } = readOptions(value, ["cacheDir"], problems);
  if (cacheDir !== undefined && (typeof cacheDir !== "string" || cacheDir === "" || cacheDir.includes("\0"))) {
    problems.push({ path: "cacheDir", text: `is ${describeValue(cacheDir)}, wanted a path` });
  }
  throwProblems("Cannot use the workspace config", problems);
  return Object.freeze(typeof cacheDir === "string" ? { cacheDir } : {});
}
