import { statSync } from "node:fs";
import { join } from "node:path";
import type { Fact, FactAnswer } from "@imgbuild/define";
import { byCodeUnit } from "@imgbuild/graph";
import picomatch from "picomatch";
import { walk } from "./walk.ts";

/**
 * Files and symbolic links that match, relative to the workspace and sorted. Never enters node_modules, .git or `skip`;
 * hidden names match only patterns that name them. Linked directories are not followed.
 */
export function globFiles(root: string, fact: Extract<Fact, { kind: "glob" }>, skip: string | null): FactAnswer {
  const { cwd, include, exclude } = fact;
  if (!statSync(join(root, cwd), { throwIfNoEntry: false })?.isDirectory()) {
    return { code: "input-missing", error: `//${cwd} is no directory` };
  }
  const dot = [...include, ...exclude].some((pattern) => /(^|\/)\.[^/]/.test(pattern.replace(/^(\.\/)+/, "")));
  const options = { dot, posixSlashes: false };
  const wanted = picomatch([...include], options);
  const unwanted = picomatch([...exclude], options);
  const prefix = cwd === "" ? "" : `${cwd}/`;
  const found = new Set<string>();
  const file = (path: string) => {
    const inner = path.slice(prefix.length);
    if (wanted(inner) && !(exclude.length > 0 && unwanted(inner))) found.add(path);
  };
  const enter = (path: string, name: string) => (dot || !name.startsWith(".")) && path !== skip;
  for (const base of bases(include)) walk(root, `${prefix}${base}`.replace(/\/$/, ""), { file, enter });
  return { value: [...found].sort(byCodeUnit) };
}

/** The directories in which matches can be. */
function bases(patterns: readonly string[]): string[] {
  const all = patterns.map((pattern) => {
    const { base, isGlob } = picomatch.scan(pattern);
    return isGlob ? base : base.slice(0, Math.max(0, base.lastIndexOf("/")));
  });
  const sorted = [...new Set(all)].sort(byCodeUnit);
  return sorted.filter(
    (base) => !sorted.some((other) => other !== base && (other === "" || base.startsWith(`${other}/`))),
  );
}
