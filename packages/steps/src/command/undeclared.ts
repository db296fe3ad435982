import { existsSync } from "node:fs";
import { posix } from "node:path";
import type { SourceNode } from "../tree/source-tree.ts";
import type { Job } from "./command-job.ts";
import { inputPlaces, workspacePaths } from "./input-places.ts";
import { type NamedPath, namedPaths } from "./named-paths.ts";

/** More are not named. */
const MOST = 5;

/** What a module may end in when its import does not say it. */
const ENDINGS = [
  "",
  ".ts",
  ".tsx",
  ".d.ts",
  ".mts",
  ".cts",
  ".js",
  ".jsx",
  ".mjs",
  ".cjs",
  ".json",
  "/index.ts",
  "/index.js",
];

/**
 * Files and directories of the workspace that a failed command looked for, as far as its last words tell, and that it could not see
 * since nobody declared them: paths of the workspace.
 */
export function undeclaredFiles(
  lines: readonly string[],
  { job, nodes }: { readonly job: Job; readonly nodes: ReadonlyMap<string, SourceNode> },
): string[] {
  const { command, step, context } = job;
  const places = inputPlaces(command.inputs, step.graph);
  const cwd = command.workingDirectory;
  const visible = new Visible(nodes);
  const found = new Set<string>();
  for (const named of namedPaths(lines)) {
    for (const path of candidates(named, { cwd, visible })) {
      if (visible.has(path)) continue;
      const real = workspacePaths(path, places).find((each) => existsSync(`${context.workspaceRoot}/${each}`));
      if (real === undefined || visible.hasBelow(path)) continue;
      found.add(real);
      break;
    }
  }
  return [...found].slice(0, MOST);
}

/** What a command sees of declared files, by paths without leading `/`. */
class Visible {
  readonly #nodes: ReadonlyMap<string, SourceNode>;
  readonly #directories = new Set<string>();

  constructor(nodes: ReadonlyMap<string, SourceNode>) {
    this.#nodes = nodes;
    for (const [path, { type }] of nodes) {
      const from = type === "directory" ? path : posix.dirname(path);
      for (let at = from; at !== "." && at !== "" && !this.#directories.has(at); at = posix.dirname(at))
        if (type !== "directory" || at !== path) this.#directories.add(at);
    }
  }

  has(path: string): boolean {
    return this.#nodes.has(path) && !this.#isEmptyDirectory(path);
  }

  /** Whether something declared lies below: then the directory itself is no secret to the command. */
  hasBelow(path: string): boolean {
    return this.#directories.has(path);
  }

  #isEmptyDirectory(path: string): boolean {
    return this.#nodes.get(path)?.type === "directory" && !this.#directories.has(path);
  }
}

/** Where in the sandbox what was named may have been looked for; likeliest first. */
function candidates(
  { text, kind, near }: NamedPath,
  { cwd, visible }: { readonly cwd: string; readonly visible: Visible },
): string[] {
  if (kind !== "path") {
    const name = kind === "types" ? `@types/${text}` : (/^(?:@[^/]+\/)?[^/]+/.exec(text)?.[0] ?? text);
    return ancestors(cwd).map((directory) => inside(`${directory}/node_modules/${name}`));
  }
  if (text.startsWith("/")) return spellings(text);
  const beside = near
    .map((each) => (each.startsWith("/") ? each : posix.join(cwd, each)))
    .filter((each) => visible.has(inside(each)))
    .map((each) => posix.dirname(each));
  return [...new Set([...beside, cwd])].flatMap((directory) => spellings(posix.join(directory, text)));
}

function spellings(path: string): string[] {
  const asSource = path.replace(/\.(m|c)?jsx?$/, ".$1ts");
  const all = [...ENDINGS.map((ending) => path + ending), ...(asSource === path ? [] : [asSource, `${asSource}x`])];
  return all.map(inside);
}

function inside(path: string): string {
  return posix.normalize(path).replace(/^\/+|\/+$/g, "");
}

function ancestors(directory: string): string[] {
  const found: string[] = [];
  for (let at = directory; at !== "/" && at !== "."; at = posix.dirname(at)) found.push(at);
  return found;
}
