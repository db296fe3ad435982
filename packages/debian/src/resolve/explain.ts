import type { PackagePool } from "../archive/package-pool.ts";
import { formatGroup, formatRelation, type Relation } from "../text/relation.ts";
import type { DeadEnd } from "./dead-end.ts";
import { didYouMean } from "./nearest-names.ts";
import type { Want, WantKind } from "./want.ts";

const MAX_DEPTH = 12;
const MAX_LINES = 40;
const MAX_ATTEMPTS = 4;

const VERBS: Readonly<Record<WantKind, string>> = {
  request: "wants",
  essential: "wants",
  "Pre-Depends": "pre-depends on",
  Depends: "depends on",
  Recommends: "recommends",
};

/** The chain of reasons of a dead end, a line each, indented by depth. Long ones are cut, and say so. */
export function explain(deadEnd: DeadEnd, pool: PackagePool): readonly string[] {
  const lines: string[] = [];
  describe(deadEnd, pool, { lines, depth: 0 });
  return lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES), "…"];
}

function describe(deadEnd: DeadEnd, pool: PackagePool, { lines, depth }: { lines: string[]; depth: number }): void {
  const indent = "  ".repeat(depth);
  const { want, attempts } = deadEnd;
  if (lines.length > MAX_LINES) return;
  if (depth > MAX_DEPTH) {
    lines.push(`${indent}…`);
    return;
  }
  lines.push(`${indent}${headline(want)}${attempts.length === 0 ? `: ${missing(want, pool)}` : ""}`);
  for (const { entry, why } of attempts.slice(0, MAX_ATTEMPTS)) {
    if (typeof why === "string") lines.push(`${indent}  ${entry.label} cannot be taken: ${why}`);
    else describe(why, pool, { lines, depth: depth + 1 });
  }
  if (attempts.length > MAX_ATTEMPTS) lines.push(`${indent}  and ${attempts.length - MAX_ATTEMPTS} more`);
}

function headline({ kind, group, by, suite }: Want): string {
  const wanted = suite === undefined ? formatGroup(group) : `${formatGroup(group)} of ${suite}`;
  return by === undefined ? `${wanted} is wanted` : `${by.entry.label} ${VERBS[kind]} ${wanted}`;
}

/** Why there is nothing to try for a want. */
export function missing(want: Want, pool: PackagePool): string {
  return want.group.map((relation) => missingOne(relation, pool, want.suite)).join("; ");
}

function missingOne(relation: Relation, pool: PackagePool, suite: string | undefined): string {
  const { name, qualifier } = relation;
  const versions = pool.candidates(name);
  if (versions.length > 0) {
    const have = versions.map(({ version, origin }) => `${version} (${origin.suite})`).join(", ");
    if (suite !== undefined) return `there is no "${name}" in ${suite}, but ${have}`;
    const only = versions.every((entry) => entry.multiArch !== "allowed");
    if (qualifier === "any" && only) return `"${name}" is not Multi-Arch: allowed`;
    return `wanted ${formatRelation(relation)}, and there is ${have}`;
  }
  const providers = pool.providerNames(name);
  if (providers.length > 0)
    return `"${name}" is provided by ${[...providers].sort().join(", ")}, in no version that fits`;
  return `there is no package "${name}"${didYouMean(name, pool.names())}`;
}
