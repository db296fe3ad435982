import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { FactAnswer } from "@imgbuild/define";

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** The commit that is checked out where `dir` is, read from git's own files; no program is run. */
export function readGitHead(dir: string): FactAnswer {
  for (let at = dir; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return headOf(join(at, ".git"));
    if (dirname(at) === at) return { code: "definition", error: "the workspace is in no git repository" };
  }
}

function headOf(dotGit: string): FactAnswer {
  const link = /^gitdir: (.+)$/m.exec(read(dotGit) ?? "")?.[1];
  const gitDir = link === undefined ? dotGit : resolve(dirname(dotGit), link.trim());
  const common = resolve(gitDir, read(join(gitDir, "commondir"))?.trim() ?? ".");
  let name = read(join(gitDir, "HEAD"))?.trim() ?? "";
  for (let depth = 0; depth < 5 && name.startsWith("ref: "); depth++) {
    const ref = name.slice("ref: ".length).trim();
    name = read(join(gitDir, ref))?.trim() ?? read(join(common, ref))?.trim() ?? packed(common, ref) ?? "";
  }
  if (COMMIT.test(name)) return { value: name };
  return { code: "definition", error: "the repository has no commit yet" };
}

function packed(common: string, ref: string): string | undefined {
  const line = (read(join(common, "packed-refs")) ?? "").split("\n").find((each) => each.endsWith(` ${ref}`));
  return line?.split(" ")[0];
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
