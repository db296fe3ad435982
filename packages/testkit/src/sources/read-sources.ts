import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { ambientUses } from "./ambient-uses.ts";
import { type ExportedName, exportedNames, isOnlyReExports } from "./exported-names.ts";
import { importsOf } from "./imports-of.ts";
import { parseModule, type SyntaxNode, walk } from "./syntax.ts";

/** A source file of a package, and what the checks need to know of it. */
export interface SourceFile {
  /** `packages/store/src/blob-store.ts`: from the top directory, with `/`. */
  readonly file: string;
  /** Name of its package's folder. */
  readonly package: string;
  readonly text: string;
  readonly isTest: boolean;
  /** As written, types too. */
  readonly imports: readonly string[];
  readonly exports: readonly ExportedName[];
  readonly onlyReExports: boolean;
  readonly hasDefaultExport: boolean;
  readonly usesAny: boolean;
  /** Clock, environment and the like: `Date.now`, `node:os`. */
  readonly ambient: readonly string[];
}

/** Reads all TypeScript of every package below `root`, in order of path. */
export function readSources(root: string): readonly SourceFile[] {
  const files = directories(join(root, "packages")).flatMap((name) => typescriptBelow(root, `packages/${name}/src`));
  return files.sort().map((file) => readSource(file, readFileSync(join(root, file), "utf8")));
}

/** What the checks need to know of one file. */
function readSource(file: string, text: string): SourceFile {
  const body = parseModule(text);
  return {
    file,
    package: file.split("/")[1] ?? "",
    text,
    isTest: /\.test\.ts$/.test(file),
    imports: importsOf(body),
    exports: exportedNames(body),
    onlyReExports: isOnlyReExports(body),
    hasDefaultExport: exportedNames(body).some((each) => each.name === "default"),
    usesAny: hasAny(body),
    ambient: ambientUses(body),
  };
}

function hasAny(body: readonly SyntaxNode[]): boolean {
  for (const node of walk(body)) if (node.type === "TsKeywordType" && node.kind === "any") return true;
  return false;
}

function directories(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

function typescriptBelow(root: string, dir: string): string[] {
  let entries: import("node:fs").Dirent[];
  try {
    entries = readdirSync(join(root, dir), { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = posix.join(dir, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : typescriptBelow(root, path);
    return /\.[cm]?tsx?$/.test(entry.name) ? [path] : [];
  });
}
