import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";

/** Name of the file that marks a workspace and holds its settings. */
export const CONFIG_FILE = "imgbuild.config.ts";

/** Name of a definition. */
export const DEFINITION_FILE = "image.ts";

/**
 * The workspace that `cwd` (absolute) is in: the nearest directory upward with `imgbuild.config.ts`, else the nearest with
 * a package.json that names `workspaces` or a pnpm-workspace.yaml, else the git root. Throws `usage`.
 */
export function findWorkspace(cwd: string): string {
  const up = ancestors(resolve(cwd));
  const found =
    up.find((dir) => existsSync(join(dir, CONFIG_FILE))) ??
    up.find((dir) => hasWorkspaces(join(dir, "package.json")) || existsSync(join(dir, "pnpm-workspace.yaml"))) ??
    up.find((dir) => existsSync(join(dir, ".git")));
  if (found !== undefined) return found;
  throw new ImgbuildError("usage", `Cannot find the workspace of "${cwd}": no ${CONFIG_FILE} here or above`, {
    hint: `Create ${CONFIG_FILE} in the top directory, with: export default {}`,
  });
}

function ancestors(dir: string): string[] {
  const out = [dir];
  for (let at = dir; dirname(at) !== at; at = dirname(at)) out.push(dirname(at));
  return out;
}

function hasWorkspaces(file: string): boolean {
  try {
    const document: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof document === "object" && document !== null && "workspaces" in document;
  } catch {
    return false;
  }
}
