import { byCodeUnit } from "../text/by-code-unit.ts";
import type { DebianLock, LockedPackage, LockedSet } from "./lock.ts";
import { PackageTable } from "./package-table.ts";
import { LOCK_VERSION } from "./parse-lock.ts";

/**
 * The text of `imgbuild.lock`: JSON of two blanks. Every package has one line, however many sets have it, and a set names its packages,
 * a line each: versions of the file merge and read well. All is sorted; equal locks give equal texts.
 */
export function formatLock(lock: DebianLock): string {
  const table = new PackageTable(lock.sets.flatMap(({ packages }) => packages));
  const sets = [...lock.sets].sort((a, b) => byCodeUnit(a.name, b.name)).map((set) => formatSet(set, table));
  const packages = table.all().map((item) => `      ${formatPackage(item)}`);
  return [
    "{",
    `  "version": ${LOCK_VERSION},`,
    '  "debian": {',
    `    "sets": ${listOf(sets, "    ")},`,
    `    "packages": ${listOf(packages, "    ")}`,
    "  }",
    "}",
    "",
  ].join("\n");
}

function formatSet(set: LockedSet, table: PackageTable): string {
  const suites = set.suites.map(({ suite, components, sha256, date }) =>
    JSON.stringify({ suite, components, sha256, date }),
  );
  const references = set.packages.map((item) => table.reference(item, set.architecture)).sort(byCodeUnit);
  const indent = (items: readonly string[]): readonly string[] => items.map((item) => `          ${item}`);
  return [
    "      {",
    `        "name": ${JSON.stringify(set.name)},`,
    `        "architecture": ${JSON.stringify(set.architecture)},`,
    `        "request": ${JSON.stringify(set.request)},`,
    `        "suites": ${listOf(indent(suites), "        ")},`,
    `        "packages": ${listOf(indent(references.map((text) => JSON.stringify(text))), "        ")}`,
    "      }",
  ].join("\n");
}

function formatPackage(item: LockedPackage): string {
  const { name, version, architecture, suite, path, size, sha256 } = item;
  const depends = item.depends.length === 0 ? undefined : item.depends;
  return JSON.stringify({ name, version, architecture, suite, path, size, sha256, depends });
}

function listOf(lines: readonly string[], indent: string): string {
  return lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n${indent}]`;
}
