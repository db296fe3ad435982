import { byCodeUnit } from "../text/by-code-unit.ts";
import type { DebianLock, LockedPackage, LockedSet } from "./lock.ts";
import { LOCK_VERSION } from "./parse-lock.ts";

/**
 * The text of `imgbuild.lock`: JSON of two blanks, sets and packages sorted by name, a line a package, so that versions
 * of it merge and read well. Equal locks give equal texts.
 */
export function formatLock(lock: DebianLock): string {
  const sets = [...lock.sets].sort((a, b) => byCodeUnit(a.name, b.name)).map(formatSet);
  const list = sets.length === 0 ? "[]" : `[\n${sets.join(",\n")}\n  ]`;
  return `{\n  "version": ${LOCK_VERSION},\n  "debian": ${list}\n}\n`;
}

function formatSet(set: LockedSet): string {
  const suites = set.suites.map(({ suite, components, sha256, date }) =>
    JSON.stringify({ suite, components, sha256, date }),
  );
  const packages = [...set.packages].sort((a, b) => byCodeUnit(a.name, b.name)).map(formatPackage);
  return [
    "    {",
    `      "name": ${JSON.stringify(set.name)},`,
    `      "architecture": ${JSON.stringify(set.architecture)},`,
    `      "request": ${JSON.stringify(set.request)},`,
    `      "suites": ${lines(suites)},`,
    `      "packages": ${lines(packages)}`,
    "    }",
  ].join("\n");
}

function formatPackage(item: LockedPackage): string {
  const { name, version, architecture, suite, path, size, sha256 } = item;
  const requested = item.requested ? true : undefined;
  const depends = item.depends.length === 0 ? undefined : [...item.depends].sort(byCodeUnit);
  return JSON.stringify({ name, version, architecture, suite, path, size, sha256, requested, depends });
}

function lines(items: readonly string[]): string {
  return items.length === 0 ? "[]" : `[\n${items.map((item) => `        ${item}`).join(",\n")}\n      ]`;
}
