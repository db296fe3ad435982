import { ImgbuildError } from "@imgbuild/errors";
import { workspacesOf } from "@imgbuild/npm";
import type { Caller } from "../call.ts";
import { workspacePath } from "../place.ts";
import { type Problem, quote, throwProblems } from "../problem.ts";
import { type FoundLock, findLock, join } from "./find-lock.ts";
import type { NpmMemory } from "./npm-memory.ts";
import type { NpmRequest } from "./npm-options.ts";

/** A workspace of a lock. */
export interface FoundWorkspace extends FoundLock {
  /** Relative to the lock. */
  readonly workspace: string;
}

/** Finds the lock and the workspace that a request means. */
export function findWorkspace(caller: Caller, memory: NpmMemory, request: NpmRequest): FoundWorkspace {
  const { workspace, lockfile } = request;
  if (!/^(\.{1,2}(\/|$)|\/)/.test(workspace)) {
    const found = findLock(caller, memory, { path: lockfile, from: caller.dir });
    return { ...found, workspace: byName(caller, memory, { found, name: workspace.replace(/\/+$/, "") }) };
  }
  const problems: Problem[] = [];
  const directory = workspacePath(workspace, { dir: caller.dir, path: "workspace", problems });
  throwProblems("Cannot use the npm workspace", problems);
  const from = directory ?? "";
  const found = findLock(caller, memory, { path: lockfile, from });
  const { root } = found;
  if (root === "" || from === root || from.startsWith(`${root}/`)) {
    return { ...found, workspace: from === root ? "" : from.slice(root === "" ? 0 : root.length + 1) };
  }
  throw new ImgbuildError(
    "definition",
    `Cannot use the npm workspace ${quote(workspace)}: it is not below its lock file`,
    {
      hint: `Name a directory below "//${root}"`,
    },
  );
}

/** The directory of a workspace that is named by directory or package name; what is unknown stays, to be refused later. */
function byName(
  caller: Caller,
  memory: NpmMemory,
  { found, name }: { readonly found: FoundLock; readonly name: string },
): string {
  const { lock, root } = found;
  const directories = workspacesOf(lock);
  if (directories.includes(name)) return name;
  const named = directories.filter((directory) => {
    if (lock.kind === "npm") return lock.packages.get(directory)?.name === name && directory !== "";
    return nameOf(memory.text(caller, join(join(root, directory), "package.json"))) === name;
  });
  return named[0] ?? name;
}

function nameOf(manifest: string | undefined): unknown {
  try {
    return (JSON.parse((manifest ?? "null").replace(/^\uFEFF/, "")) as { readonly name?: unknown } | null)?.name;
  } catch {
    return undefined;
  }
}
