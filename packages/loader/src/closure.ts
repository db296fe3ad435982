import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { byCodeUnit } from "@imgbuild/graph";
import { type Bundle, RESOLVE_EXTENSIONS } from "./bundle.ts";
import { directoryOf } from "./discover.ts";

const CONFIG_FILES = ["package.json", "tsconfig.json", "jsconfig.json"];

/**
 * Every file whose content, coming or going decides what a bundle is, relative to the workspace and sorted: the modules,
 * the tsconfig.json and package.json above them, and the files that an import would rather have found.
 */
export function closureOf(workspaceRoot: string, imports: Bundle["imports"]): string[] {
  const out = new Set<string>(imports.keys());
  const dirs = new Set<string>();
  for (const file of imports.keys()) {
    for (let dir = directoryOf(file); !dirs.has(dir); dir = directoryOf(dir)) {
      dirs.add(dir);
      for (const name of CONFIG_FILES) addConfig(workspaceRoot, dir === "" ? name : `${dir}/${name}`, out);
      if (dir === "" || dir.endsWith("..") || dir.endsWith("node_modules")) break;
    }
  }
  for (const [file, edges] of imports) {
    for (const edge of edges) for (const rival of rivals(file, edge.path, edge.original)) out.add(rival);
  }
  return [...out].sort(byCodeUnit);
}

/** Adds a tsconfig.json with all it extends; a package.json alone. */
function addConfig(root: string, file: string, out: Set<string>): void {
  if (out.has(file)) return;
  out.add(file);
  if (file.endsWith("package.json")) return;
  for (const name of extendedBy(join(root, file))) {
    const base = /^\.{0,2}\//.test(name) ? posix.join(directoryOf(file), name) : `node_modules/${name}`;
    for (const candidate of [base, `${base}.json`, `${base}/tsconfig.json`]) addConfig(root, candidate, out);
  }
}

function extendedBy(file: string): string[] {
  try {
    const value = /"extends"\s*:\s*("[^"]*"|\[[^\]]*\])/.exec(readFileSync(file, "utf8"))?.[1] ?? "";
    return [...value.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? "");
  } catch {
    return [];
  }
}

/** Files that would be found instead of `path` if they existed, for an import written as `original`. */
function rivals(importer: string, path: string, original: string | undefined): string[] {
  if (original === undefined) return [];
  if (/^\.{1,2}(\/|$)/.test(original)) {
    const base = posix.join(directoryOf(importer), original);
    if (base === path) return [];
    const all = [base, ...RESOLVE_EXTENSIONS.map((extension) => base + extension)];
    const at = all.indexOf(path);
    return at < 0 ? all : all.slice(0, at);
  }
  const name = original.split("/", original.startsWith("@") ? 2 : 1).join("/");
  const out: string[] = [];
  for (let dir = directoryOf(importer); ; dir = directoryOf(dir)) {
    const candidate = posix.join(dir, "node_modules", name);
    if (path.startsWith(`${candidate}/`)) return out;
    out.push(`${candidate}/package.json`);
    if (dir === "" || dir.endsWith("..")) return out;
  }
}
