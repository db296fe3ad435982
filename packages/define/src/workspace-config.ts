import { readOptions, readStrings } from "./options.ts";
import { describeValue, isPlainObject } from "./plain.ts";
import { joinPath, type Problem, quote, throwProblems } from "./problem.ts";

/** Where packages of Debian come from. What is left out is taken from the sources of the machine's own apt. */
export interface DebianConfig {
  /** Address of a mirror, the directory that has `dists` and `pool`: `http://mirror.example.com/debian`. */
  readonly mirror?: string;
  /** Address of the mirror of security updates; default: `debian-security` beside a mirror that ends in `debian`, else the mirror itself. */
  readonly securityMirror?: string;
  /** Files of the keys that may sign, relative to the workspace or absolute. Default: those of the machine. */
  readonly keyrings?: readonly string[];
  /** Take indexes that are past their `Valid-Until`: for snapshots and archives that are history. Default false. */
  readonly allowExpired?: boolean;
}

/** The settings of a workspace: the default export of `imgbuild.config.ts`. */
export interface WorkspaceConfig {
  /** Where the store is: relative to the workspace, or absolute. Default `cache`. */
  readonly cacheDir?: string;
  readonly debian?: DebianConfig;
}

/** Checks the settings of a workspace; returns them frozen. Throws `definition`. */
export function readWorkspaceConfig(value: unknown): WorkspaceConfig {
  const problems: Problem[] = [];
  const { cacheDir, debian } = readOptions(value, ["cacheDir", "debian"], problems);
  if (cacheDir !== undefined && (typeof cacheDir !== "string" || cacheDir === "" || cacheDir.includes("\0"))) {
    problems.push({ path: "cacheDir", text: `is ${describeValue(cacheDir)}, wanted a path` });
  }
  const settings = debian === undefined ? undefined : readDebian(debian, problems);
  throwProblems("Cannot use the workspace config", problems);
  return Object.freeze({
    ...(typeof cacheDir === "string" ? { cacheDir } : {}),
    ...(settings === undefined ? {} : { debian: settings }),
  });
}

function readDebian(value: unknown, problems: Problem[]): DebianConfig {
  const inner: Problem[] = [];
  const given = readOptions(value, ["mirror", "securityMirror", "keyrings", "allowExpired"], inner);
  const keyrings = readStrings(given.keyrings, "keyrings", inner);
  for (const path of ["mirror", "securityMirror"]) {
    const address = given[path];
    if (address === undefined || (typeof address === "string" && /^https?:\/\/[^\s/]/.test(address))) continue;
    const shown = typeof address === "string" ? `= ${quote(address)}` : `is ${describeValue(address)}`;
    inner.push({ path, text: `${shown}, wanted an address such as "http://mirror.example.com/debian"` });
  }
  const { allowExpired = false } = given;
  if (typeof allowExpired !== "boolean") {
    inner.push({ path: "allowExpired", text: `is ${describeValue(allowExpired)}, wanted true or false` });
  }
  problems.push(
    ...inner.map((each) => ({ ...each, path: each.path === "" ? "debian" : joinPath("debian", each.path) })),
  );
  return Object.freeze({
    ...(isPlainObject(value) ? given : {}),
    ...(given.keyrings === undefined ? {} : { keyrings: Object.freeze(keyrings) }),
  });
}
