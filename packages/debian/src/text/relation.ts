import { ImgbuildError } from "@imgbuild/errors";
import { satisfies, type VersionOperator } from "./version.ts";

/** What a package says of another: `name:qualifier (operator version)`. */
export interface Relation {
  readonly name: string;
  /** After the colon: `any`, `native` or an architecture; undefined when there is none. */
  readonly qualifier: string | undefined;
  readonly constraint: VersionConstraint | undefined;
}

/** A wanted version. */
export interface VersionConstraint {
  readonly operator: VersionOperator;
  readonly version: string;
}

/** Alternatives in their order: one is enough. Fields with no alternatives have groups of one. */
export type RelationGroup = readonly Relation[];

/** How to read a relation field. */
export interface ParseRelationsOptions {
  /** Names field and package in errors, e.g. `Depends of nginx`. */
  readonly where: string;
  /** Relations that `[amd64 !arm64]` restricts to other architectures are left out. */
  readonly architecture: string;
}

const RELATION =
  /^([A-Za-z0-9][A-Za-z0-9+.-]*)(?::([A-Za-z0-9-]+))? ?(?:\( ?(<<|<=|=|>=|>>|<|>) ?([^ ()<>=]+) ?\) ?)?(?:\[([^[\]]*)\] ?)?((?:<[^<>]*> ?)*)$/;

/**
 * Parses a relation field (Debian Policy 7.1): Depends, Provides, Breaks and so on. Build profiles are ignored, empty
 * items skipped, the old `<` and `>` read as `<=` and `>=`. Throws `invalid-archive` for anything else.
 */
export function parseRelations(text: string, options: ParseRelationsOptions): readonly RelationGroup[] {
  const groups: RelationGroup[] = [];
  for (const item of text.replace(/\s+/g, " ").split(",")) {
    if (item.trim() === "") continue;
    const group: Relation[] = [];
    for (const alternative of item.split("|")) {
      const relation = relationOf(alternative.trim(), options);
      if (relation !== undefined) group.push(relation);
    }
    if (group.length > 0) groups.push(group);
  }
  return groups;
}

function relationOf(text: string, { where, architecture }: ParseRelationsOptions): Relation | undefined {
  const match = RELATION.exec(text);
  if (match === null) {
    throw new ImgbuildError(
      "invalid-archive",
      `Cannot read ${JSON.stringify(text.slice(0, 100))} in ${where}: wanted "name (>= version) | other"`,
    );
  }
  const [, name = "", qualifier, operator, version, restriction] = match;
  if (restriction !== undefined && !appliesTo(restriction, architecture)) return undefined;
  const constraint = version === undefined ? undefined : { operator: modernOperator(operator), version };
  return { name, qualifier, constraint };
}

function modernOperator(operator: string | undefined): VersionOperator {
  if (operator === "<" || operator === "<=") return "<=";
  if (operator === ">" || operator === ">=") return ">=";
  return operator === "<<" || operator === ">>" ? operator : "=";
}

/** Policy 7.1: `!` restrictions exclude, others include; `any`, `linux-any` and `any-arm64` are wildcards. */
function appliesTo(restriction: string, architecture: string): boolean {
  const items = restriction.split(" ").filter((item) => item !== "");
  const matches = (item: string): boolean =>
    item === architecture || item === "any" || item === "linux-any" || item === `any-${architecture}`;
  if (items.some((item) => item.startsWith("!"))) return !items.some((item) => matches(item.replace(/^!/, "")));
  return items.length === 0 || items.some(matches);
}

/** Whether a version is one that the relation wants; without a constraint every version is, also an unknown one. */
export function meets(version: string | undefined, constraint: VersionConstraint | undefined): boolean {
  if (constraint === undefined) return true;
  return version !== undefined && satisfies(version, constraint.operator, constraint.version);
}

/** `name:qualifier (>= version)`, as Debian writes it. */
export function formatRelation({ name, qualifier, constraint }: Relation): string {
  const full = qualifier === undefined ? name : `${name}:${qualifier}`;
  return constraint === undefined ? full : `${full} (${constraint.operator} ${constraint.version})`;
}

/** `a (>= 1) | b`. */
export function formatGroup(group: RelationGroup): string {
  return group.map(formatRelation).join(" | ");
}
