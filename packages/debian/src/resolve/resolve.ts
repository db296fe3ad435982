import { ImgbuildError } from "@imgbuild/errors";
import type { PackageEntry } from "../archive/package-entry.ts";
import type { PackagePool } from "../archive/package-pool.ts";
import { byCodeUnit } from "../text/by-code-unit.ts";
import { formatRelation, type RelationGroup } from "../text/relation.ts";
import { CandidateFinder } from "./candidates.ts";
import { explain } from "./explain.ts";
import { dependencyOrder } from "./order.ts";
import { requestOf } from "./request.ts";
import type { Selection } from "./selection.ts";
import { type Pick, type Solution, Solver } from "./solver.ts";
import type { Want } from "./want.ts";

/** Which packages that nobody asked for are added. */
export type EssentialSet =
  /** None: what a package needs of `Essential` ones without saying so is missing. Images are minimal. */
  | "none"
  /** Those with `Essential: yes`. */
  | "essential"
  /** Those, and those with `Priority: required`. */
  | "required";

/** What to choose. */
export interface ResolveOptions {
  readonly pool: PackagePool;
  /** `name`, `name=version` or `name/suite`. */
  readonly request: readonly string[];
  /** Take `Recommends` too, where they can be had. Default false. */
  readonly recommends?: boolean | undefined;
  /** Default `none`. */
  readonly essential?: EssentialSet | undefined;
  /** Versions by name that are kept where they can be: those of a lock, less what is to be updated. */
  readonly pinned?: ReadonlyMap<string, string> | undefined;
  /** Packages that may be tried before the search gives up. Default 100,000. */
  readonly maxAttempts?: number | undefined;
}

/** A chosen package. */
export interface ResolvedPackage {
  readonly entry: PackageEntry;
  /** It was asked for, or is essential: not there for another alone. */
  readonly requested: boolean;
  /** Names of the chosen packages that satisfy its Pre-Depends and Depends, sorted. */
  readonly depends: readonly string[];
}

/** What was chosen, and what a user may want to know of it. */
export interface Resolution {
  /** What a package needs comes before it. */
  readonly packages: readonly ResolvedPackage[];
  readonly notes: readonly ResolveNote[];
}

/** Something that could have been chosen otherwise, or could not be had. */
export interface ResolveNote {
  readonly kind: "ambiguous-provider" | "pin-unavailable" | "recommends-unavailable";
  /** The virtual, pinned or recommended package. */
  readonly name: string;
  readonly message: string;
}

const MAX_ATTEMPTS = 100_000;

/**
 * Chooses packages so that every Pre-Depends and Depends is satisfied and no Conflicts or Breaks is violated. Equal input
 * gives equal output. First alternative first, but what is chosen already will do; highest version first; of several
 * providers the one of the same source, then essential, by priority, by name. Throws `usage`, `definition` (a request
 * that no index has) and `conflict` with the chain of reasons when there is no solution, or none was found in time.
 */
export function resolve(options: ResolveOptions): Resolution {
  const { pool, request, recommends = false, maxAttempts = MAX_ATTEMPTS } = options;
  const pinned = options.pinned ?? new Map<string, string>();
  const wants = [...request.map((text) => requestOf(text, pool)), ...essentialWants(options)];
  const solution = new Solver(new CandidateFinder(pool, pinned), { recommends, maxAttempts }).solve(wants);
  if (solution.kind !== "solved") throw unsolvable(solution, options);
  const { selection, picks } = solution;
  return {
    packages: inOrder(selection),
    notes: [...picks.flatMap(ambiguityOf), ...pinNotes(pinned, pool), ...recommendsNotes(selection, recommends)],
  };
}

function essentialWants({ pool, essential = "none" }: ResolveOptions): readonly Want[] {
  if (essential === "none") return [];
  const names = new Set(pool.namesWithField("Essential", "yes"));
  if (essential === "required") for (const name of pool.namesWithField("Priority", "required")) names.add(name);
  return [...names].sort(byCodeUnit).map((name) => ({
    kind: "essential",
    group: [{ name, qualifier: undefined, constraint: undefined }],
    suite: undefined,
    by: undefined,
  }));
}

function inOrder(selection: Selection): readonly ResolvedPackage[] {
  const namesFor = (groups: readonly RelationGroup[]): readonly string[] =>
    groups.flatMap((group) => satisfiers(group, selection));
  const packages = new Map<string, ResolvedPackage>();
  const nodes = selection.all().map(({ entry, want }) => {
    const preDepends = namesFor(entry.relations("Pre-Depends"));
    const depends = namesFor(entry.relations("Depends"));
    const edges = [...new Set([...preDepends, ...depends])].filter((name) => name !== entry.name).sort(byCodeUnit);
    packages.set(entry.name, { entry, requested: want.by === undefined, depends: edges });
    return { name: entry.name, preDepends, depends };
  });
  return dependencyOrder(nodes).flatMap((name) => packages.get(name) ?? []);
}

/** Who satisfies a group: those of the first alternative that is satisfied. */
function satisfiers(group: RelationGroup, selection: Selection): readonly string[] {
  for (const relation of group) {
    const names = selection.satisfying(relation).map(({ entry }) => entry.name);
    if (names.length > 0) return names;
  }
  return [];
}

function ambiguityOf({ want, picked, candidates }: Pick): readonly ResolveNote[] {
  if (!picked.provides) return [];
  const { name } = picked.relation;
  const others = new Set(
    candidates.filter((other) => other.provides && other.relation === picked.relation).map(({ entry }) => entry.name),
  );
  others.delete(picked.entry.name);
  if (others.size === 0) return [];
  const wanted = `${want.by === undefined ? "the request" : want.by.entry.name} needs ${formatRelation(picked.relation)}`;
  const rest = [...others].sort(byCodeUnit).join(", ");
  return [{ kind: "ambiguous-provider", name, message: `${wanted}: chose ${picked.entry.name}, others are ${rest}` }];
}

function pinNotes(pinned: ReadonlyMap<string, string>, pool: PackagePool): readonly ResolveNote[] {
  return [...pinned]
    .filter(([name, version]) => !pool.candidates(name).some((entry) => entry.version === version))
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([name, version]) => ({
      kind: "pin-unavailable",
      name,
      message: `${name} ${version} is in the lock, and no index has it any more`,
    }));
}

function recommendsNotes(selection: Selection, recommends: boolean): readonly ResolveNote[] {
  if (!recommends) return [];
  return selection.all().flatMap(({ entry }) =>
    entry
      .relations("Recommends")
      .filter((group) => satisfiers(group, selection).length === 0)
      .map((group) => {
        const wanted = group.map(formatRelation).join(" | ");
        return {
          kind: "recommends-unavailable" as const,
          name: group[0]?.name ?? "",
          message: `${entry.name} recommends ${wanted}, which cannot be had`,
        };
      }),
  );
}

function unsolvable(solution: Exclude<Solution, { kind: "solved" }>, { pool, request }: ResolveOptions): ImgbuildError {
  const names = request.map((text) => `"${text}"`).join(", ");
  const reasons = explain(solution.deadEnd, pool)
    .map((line) => `\n  ${line}`)
    .join("");
  if (solution.kind === "gave-up") {
    return new ImgbuildError(
      "conflict",
      `Cannot install ${names}: gave up searching; the last dead end was${reasons}`,
      {
        hint: "Name versions or alternatives in the request, so that there is less to choose from",
      },
    );
  }
  return new ImgbuildError("conflict", `Cannot install ${names}: no choice of packages satisfies this${reasons}`, {
    hint: "Leave one of them out, or name another version, suite or component",
  });
}
