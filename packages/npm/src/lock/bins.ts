import { byCodeUnit } from "./by-code-unit.ts";

/** Command name → file of the package, relative to its directory. Sorted by name. */
export type Bins = ReadonlyMap<string, string>;

/**
 * The commands of a package from the `bin` field of its package.json, made harmless as npm does it
 * (npm-normalize-package-bin): a name is one path part, a file never leaves the package; what is no text or remains
 * empty is dropped. A string means the package's own name without its scope.
 */
export function readBins(bin: unknown, packageName: string): Bins {
  const clean = new Map<string, string>();
  for (const [name, file] of pairsOf(bin, packageName).sort((a, b) => byCodeUnit(a[0], b[0]))) {
    if (typeof file !== "string") continue;
    const command = name.replace(/[\\:]/g, "/").replace(/\/+$/, "").split("/").at(-1) ?? "";
    const target = confined(file);
    if (isFileName(command) && target !== "") clean.set(command, target);
  }
  return clean;
}

function pairsOf(bin: unknown, packageName: string): [string, unknown][] {
  if (typeof bin === "string") return [[packageName.replace(/^@[^/]*\//, ""), bin]];
  if (typeof bin !== "object" || bin === null) return [];
  if (Array.isArray(bin)) return bin.map((file: unknown) => [String(file), file]);
  return Object.entries(bin);
}

function isFileName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("\0");
}

function confined(file: string): string {
  const parts: string[] = [];
  for (const part of file.replaceAll("\\", "/").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return file.includes("\0") ? "" : parts.join("/");
}
