import { ImgbuildError } from "@imgbuild/errors";
import type { PackageEntry } from "../archive/package-entry.ts";
import type { Candidate, CandidateFinder } from "./candidates.ts";
import type { Attempt, DeadEnd } from "./dead-end.ts";
import { Selection } from "./selection.ts";
import type { Want } from "./want.ts";

/** Wants still to be looked at: a list that decisions share, so that going back costs nothing. */
interface Pending {
  readonly want: Want;
  /** The decision that made the want; -1 for what the caller wants. */
  readonly level: number;
  readonly rest: Pending | undefined;
}

interface Decision {
  readonly pending: Pending;
  readonly candidates: readonly Candidate[];
  next: number;
  picked: Candidate | undefined;
  /** Decisions that would have to be other for this one to have more to pick from. */
  readonly blame: Set<number>;
  readonly attempts: Attempt[];
}

/** How the search ended. */
export type Solution =
  | { readonly kind: "solved"; readonly selection: Selection; readonly picks: readonly Pick[] }
  | { readonly kind: "unsolvable"; readonly deadEnd: DeadEnd }
  | { readonly kind: "gave-up"; readonly deadEnd: DeadEnd };

/** A decision of the solution: what was picked of what. */
export interface Pick {
  readonly want: Want;
  readonly picked: Candidate;
  readonly candidates: readonly Candidate[];
}

/** What a search may cost and take in. */
export interface SolverOptions {
  readonly recommends: boolean;
  /** Packages that may be tried before the search gives up. */
  readonly maxAttempts: number;
}

/**
 * Depth-first search in the order of the wants: what is satisfied already is left, else candidates are tried in their
 * order; at a dead end the search jumps back to the latest decision that has to do with it (conflict-directed
 * backjumping). No clock, no chance: equal input gives equal output.
 */
export class Solver {
  readonly #finder: CandidateFinder;
  readonly #options: SolverOptions;
  readonly #selection = new Selection();
  readonly #decisions: Decision[] = [];
  #attempts = 0;

  constructor(finder: CandidateFinder, options: SolverOptions) {
    this.#finder = finder;
    this.#options = options;
  }

  solve(wants: readonly Want[]): Solution {
    let pending = listOf(wants, -1, undefined);
    while (pending !== undefined) {
      const at: Pending = pending;
      if (this.#isSatisfied(at.want)) {
        pending = at.rest;
        continue;
      }
      const decision: Decision = {
        pending: at,
        candidates: this.#finder.of(at.want),
        next: 0,
        picked: undefined,
        blame: new Set(at.level === -1 ? [] : [at.level]),
        attempts: [],
      };
      this.#decisions.push(decision);
      const outcome = this.#advance();
      if (outcome !== undefined && "attempts" in outcome) return this.#failure(outcome);
      pending = outcome?.pending;
    }
    return { kind: "solved", selection: this.#selection, picks: this.#decisions.flatMap(pickOf) };
  }

  #failure(deadEnd: DeadEnd): Solution {
    return { kind: this.#attempts > this.#options.maxAttempts ? "gave-up" : "unsolvable", deadEnd };
  }

  #isSatisfied({ group, suite }: Want): boolean {
    return group.some((relation) => this.#selection.satisfying(relation, suite).length > 0);
  }

  /** Picks for the last decision, going back as far as needed. Gives what is pending then, or the final dead end. */
  #advance(): { readonly pending: Pending | undefined } | DeadEnd {
    for (;;) {
      const level = this.#decisions.length - 1;
      const decision = this.#decisions[level];
      if (decision === undefined) throw new ImgbuildError("internal", "Cannot choose packages: no decision is open");
      const picked = this.#pick(decision, level);
      if (picked !== undefined) return { pending: this.#pendingAfter(decision, picked, level) };
      const deadEnd: DeadEnd = { want: decision.pending.want, attempts: decision.attempts };
      if (decision.pending.want.kind === "Recommends" && decision.picked === undefined && !isSkipped(decision)) {
        decision.next = Number.POSITIVE_INFINITY;
        return { pending: decision.pending.rest };
      }
      if (!this.#jumpBack(decision, deadEnd)) return deadEnd;
    }
  }

  #pick(decision: Decision, level: number): Candidate | undefined {
    decision.picked = undefined;
    while (decision.next < decision.candidates.length && this.#attempts <= this.#options.maxAttempts) {
      const candidate = decision.candidates[decision.next];
      decision.next += 1;
      this.#attempts += 1;
      if (candidate === undefined) break;
      const blocker = this.#selection.blocker(candidate.entry);
      if (blocker === undefined) {
        decision.picked = candidate;
        this.#selection.add({ entry: candidate.entry, level, want: decision.pending.want });
        return candidate;
      }
      decision.blame.add(blocker.level);
      decision.attempts.push({ entry: candidate.entry, why: blocker.reason });
    }
    return undefined;
  }

  /** What the caller wants goes first, before what that needs; beyond that, depth first. */
  #pendingAfter({ pending }: Decision, { entry }: Candidate, level: number): Pending | undefined {
    const own = this.#wantsOf(entry, pending.want);
    const kind = pending.want.kind;
    if (kind !== "request" && kind !== "essential") return listOf(own, level, pending.rest);
    return appended(pending.rest, own, level);
  }

  #wantsOf(entry: PackageEntry, want: Want): readonly Want[] {
    const fields = ["Pre-Depends", "Depends", ...(this.#options.recommends ? ["Recommends" as const] : [])] as const;
    return fields.flatMap((kind) =>
      entry.relations(kind).map((group) => ({ kind, group, suite: undefined, by: { entry, want } })),
    );
  }

  /** Goes back to the latest decision to blame; false when there is none. */
  #jumpBack(failed: Decision, deadEnd: DeadEnd): boolean {
    const target = Math.max(-1, ...failed.blame);
    const decision = this.#decisions[target];
    if (decision === undefined || this.#attempts > this.#options.maxAttempts) return false;
    for (const level of failed.blame) if (level !== target) decision.blame.add(level);
    this.#selection.undo(target);
    this.#decisions.length = target + 1;
    if (decision.picked !== undefined) decision.attempts.push({ entry: decision.picked.entry, why: deadEnd });
    return true;
  }
}

function isSkipped(decision: Decision): boolean {
  return decision.next === Number.POSITIVE_INFINITY;
}

function pickOf({ pending, picked, candidates }: Decision): readonly Pick[] {
  return picked === undefined ? [] : [{ want: pending.want, picked, candidates }];
}

function listOf(wants: readonly Want[], level: number, rest: Pending | undefined): Pending | undefined {
  let list = rest;
  for (let index = wants.length - 1; index >= 0; index -= 1) {
    const want = wants[index];
    if (want !== undefined) list = { want, level, rest: list };
  }
  return list;
}

function appended(list: Pending | undefined, wants: readonly Want[], level: number): Pending | undefined {
  const all: Pending[] = [];
  for (let at = list; at !== undefined; at = at.rest) all.push(at);
  let result = listOf(wants, level, undefined);
  for (const { want, level: own } of all.reverse()) result = { want, level: own, rest: result };
  return result;
}
