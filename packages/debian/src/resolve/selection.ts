import type { PackageEntry } from "../archive/package-entry.ts";
import { formatRelation, meets, type Relation } from "../text/relation.ts";
import { chainOf, type Want } from "./want.ts";

/** A chosen package: `level` is the number of the decision that chose it. */
export interface Chosen {
  readonly entry: PackageEntry;
  readonly level: number;
  readonly want: Want;
}

/** Why a package cannot be added to those chosen. */
export interface Blocker {
  readonly level: number;
  readonly reason: string;
}

interface Provided {
  readonly chosen: Chosen;
  readonly version: string | undefined;
}

interface Against {
  readonly chosen: Chosen;
  readonly field: "Conflicts" | "Breaks";
  readonly relation: Relation;
}

/** The packages chosen so far, with what they provide and refuse. Undone in reverse order. */
export class Selection {
  readonly #byName = new Map<string, Chosen>();
  readonly #provided = new Map<string, Provided[]>();
  readonly #against = new Map<string, Against[]>();
  readonly #trail: Chosen[] = [];

  get(name: string): Chosen | undefined {
    return this.#byName.get(name);
  }

  all(): readonly Chosen[] {
    return this.#trail;
  }

  /** The chosen packages that satisfy a relation: the package itself, else those that provide it. */
  satisfying(relation: Relation, suite?: string): readonly Chosen[] {
    const chosen = this.#byName.get(relation.name);
    const inSuite = (entry: PackageEntry): boolean => suite === undefined || entry.origin.suite === suite;
    if (chosen !== undefined && entrySatisfies(chosen.entry, relation) && inSuite(chosen.entry)) return [chosen];
    if (!allowsProviders(relation)) return [];
    const provided = this.#provided.get(relation.name) ?? [];
    return provided.filter((by) => meets(by.version, relation.constraint)).map((by) => by.chosen);
  }

  /** What stands against adding the package; undefined when nothing does. */
  blocker(entry: PackageEntry): Blocker | undefined {
    const same = this.#byName.get(entry.name);
    if (same !== undefined) {
      return { level: same.level, reason: `${same.entry.label} is chosen already${becauseOf(same)}` };
    }
    return this.#refusedByEntry(entry) ?? this.#refusedByChosen(entry);
  }

  add(chosen: Chosen): void {
    const { entry } = chosen;
    this.#trail.push(chosen);
    this.#byName.set(entry.name, chosen);
    for (const { name, version } of provisions(entry)) push(this.#provided, name, { chosen, version });
    for (const { field, relation } of refusals(entry)) push(this.#against, relation.name, { chosen, field, relation });
  }

  /** Takes away what decisions of `level` and above chose. */
  undo(level: number): void {
    for (let last = this.#trail.at(-1); last !== undefined && last.level >= level; last = this.#trail.at(-1)) {
      this.#trail.pop();
      this.#byName.delete(last.entry.name);
      for (const { name } of provisions(last.entry)) this.#provided.get(name)?.pop();
      for (const { relation } of refusals(last.entry)) this.#against.get(relation.name)?.pop();
    }
  }

  #refusedByEntry(entry: PackageEntry): Blocker | undefined {
    for (const { field, relation } of refusals(entry)) {
      const other = this.#byName.get(relation.name);
      const found =
        other !== undefined && meets(other.entry.version, relation.constraint)
          ? other
          : this.#provided.get(relation.name)?.find((by) => meets(by.version, relation.constraint))?.chosen;
      if (found === undefined) continue;
      const reason = `it ${verbOf(field)} ${formatRelation(relation)}, and ${found.entry.label} is chosen${becauseOf(found)}`;
      return { level: found.level, reason };
    }
    return undefined;
  }

  #refusedByChosen(entry: PackageEntry): Blocker | undefined {
    for (const { name, version } of [{ name: entry.name, version: entry.version }, ...provisions(entry)]) {
      const found = this.#against.get(name)?.find((by) => meets(version, by.relation.constraint));
      if (found === undefined) continue;
      const { chosen, field, relation } = found;
      const reason = `${chosen.entry.label} ${verbOf(field)} ${formatRelation(relation)}${becauseOf(chosen)}`;
      return { level: chosen.level, reason };
    }
    return undefined;
  }
}

function push<T>(map: Map<string, T[]>, name: string, item: T): void {
  const known = map.get(name);
  if (known === undefined) map.set(name, [item]);
  else known.push(item);
}

function verbOf(field: "Conflicts" | "Breaks"): string {
  return field === "Conflicts" ? "conflicts with" : "breaks";
}

function becauseOf({ want }: Chosen): string {
  const chain = chainOf(want);
  return chain === "" ? "" : ` (for ${chain})`;
}

/** What a package provides beside itself. Only `(= version)` gives a provision a version. */
export function provisions(
  entry: PackageEntry,
): readonly { readonly name: string; readonly version: string | undefined }[] {
  return entry
    .relations("Provides")
    .flat()
    .map(({ name, constraint }) => ({ name, version: constraint?.version }));
}

/** What a package refuses to be with; a package never refuses itself. */
function refusals(entry: PackageEntry): readonly { field: "Conflicts" | "Breaks"; relation: Relation }[] {
  const of = (field: "Conflicts" | "Breaks"): { field: "Conflicts" | "Breaks"; relation: Relation }[] =>
    entry
      .relations(field)
      .flat()
      .filter((relation) => relation.name !== entry.name && appliesHere(relation, entry.origin.architecture))
      .map((relation) => ({ field, relation }));
  return [...of("Conflicts"), ...of("Breaks")];
}

function appliesHere({ qualifier }: Relation, architecture: string): boolean {
  return qualifier === undefined || qualifier === "any" || qualifier === "native" || qualifier === architecture;
}

/** Whether a package, by its own name, is what a relation wants. `:any` wants one that is `Multi-Arch: allowed`. */
export function entrySatisfies(entry: PackageEntry, relation: Relation): boolean {
  if (entry.name !== relation.name || !meets(entry.version, relation.constraint)) return false;
  if (relation.qualifier === "any") return entry.multiArch === "allowed";
  return appliesHere(relation, entry.origin.architecture);
}

/** A relation to an architecture by name is to a package, not to what others provide. */
export function allowsProviders({ qualifier }: Relation): boolean {
  return qualifier === undefined || qualifier === "any" || qualifier === "native";
}
