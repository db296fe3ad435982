import { byCodeUnit, didYouMean } from "@imgbuild/graph";
import type { Caller } from "../call.ts";
import { readArchitecture } from "../image-fields.ts";
import { readChoice, readFlag, readOptions, readStrings } from "../options.ts";
import { imagePath, workspacePath } from "../place.ts";
import { describeValue } from "../plain.ts";
import { joinPath, type Problem, throwProblems } from "../problem.ts";
import { NPM_WORKSPACE_ATTRIBUTES, type NpmRequest } from "./npm-options.ts";

/** Reads the attributes of a call; throws every problem of them together. */
export function readNpmRequest(caller: Caller, options: unknown): NpmRequest {
  const problems: Problem[] = [];
  const given = readOptions(options, NPM_WORKSPACE_ATTRIBUTES, problems);
  const flag = (path: string, fallback: boolean) => readFlag(given[path], { path, fallback, problems });
  const patterns = (path: string) => readStrings(given[path], path, problems).sort(byCodeUnit);
  const request: NpmRequest = {
    workspace: readWorkspace(given.workspace, problems),
    lockfile:
      given.lockfile === undefined
        ? undefined
        : workspacePath(given.lockfile, { dir: caller.dir, path: "lockfile", problems }),
    dest: readDestination(given.dest, problems),
    dependencies: readDependencies(given.dependencies, problems),
    optional: flag("optional", true),
    optionalPeers: flag("optionalPeers", true),
    scripts: readScripts(given.scripts, problems),
    ignoreScripts: new Set(readStrings(given.ignoreScripts, "ignoreScripts", problems)),
    ...readPlatform(given.platform, problems),
    include: patterns("include"),
    exclude: patterns("exclude"),
  };
  throwProblems("Cannot use the npm workspace", problems);
  return request;
}

function readWorkspace(value: unknown, problems: Problem[]): string {
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  const text = `is ${describeValue(value)}, wanted the directory or name of a workspace such as "packages/api"`;
  problems.push({ path: "workspace", text, missing: value === undefined });
  return "";
}

function readDependencies(value: unknown, problems: Problem[]): NpmRequest["dependencies"] {
  const path = "dependencies";
  if (Array.isArray(value)) return readStrings(value, path, problems).sort(byCodeUnit);
  if (value === undefined || value === "production" || value === "all") return value ?? "production";
  const near = typeof value === "string" ? didYouMean(value, ["production", "all"]) : "";
  const text = `is ${describeValue(value)}, wanted "production", "all" or a list of names of packages${near}`;
  problems.push({ path, text });
  return "production";
}

function readScripts(value: unknown, problems: Problem[]): NpmRequest["scripts"] {
  if (Array.isArray(value)) return new Set(readStrings(value, "scripts", problems));
  if (value === undefined || value === "deny") return new Set();
  if (value === "sandbox") return "all";
  const near = typeof value === "string" ? didYouMean(value, ["deny", "sandbox"]) : "";
  const text = `is ${describeValue(value)}, wanted "deny", "sandbox" or a list of names of packages${near}`;
  problems.push({ path: "scripts", text });
  return new Set();
}

function readDestination(value: unknown, problems: Problem[]): string {
  if (value === undefined) return "/app";
  if (typeof value === "string") {
    const path = imagePath(value, { path: "dest", problems });
    return path === undefined || path === "" ? "/" : `/${path}`;
  }
  problems.push({ path: "dest", text: `is ${describeValue(value)}, wanted a directory of the image such as "/app"` });
  return "/app";
}

function readPlatform(value: unknown, problems: Problem[]): Pick<NpmRequest, "platform" | "fixedArchitecture"> {
  const inner: Problem[] = [];
  const given = value === undefined ? {} : readOptions(value, ["os", "architecture", "libc"], inner);
  problems.push(
    ...inner.map((problem) => ({
      ...problem,
      path: problem.path === "" ? "platform" : joinPath("platform", problem.path),
    })),
  );
  const at = { path: "platform.libc", fallback: "glibc", problems } as const;
  const found = readArchitecture(given.architecture, problems);
  const platform = {
    os: readChoice(given.os, ["linux"], { path: "platform.os", fallback: "linux", problems }),
    architecture: found?.architecture ?? "amd64",
    libc: readChoice(given.libc, ["glibc", "musl"], at),
  };
  return { platform, fixedArchitecture: found !== undefined };
}
