import type { Closure } from "./closure.ts";

/**
 * The install paths of the units in groups, each after all groups it needs; units that need each other in a circle form
 * one group. Groups and members come in a fixed order that depends on the closure alone (Tarjan's algorithm).
 */
export function dependencyOrder(closure: Pick<Closure, "units" | "edges">): readonly (readonly string[])[] {
  const needs = new Map<string, string[]>(closure.units.map((unit) => [unit.installPath, []]));
  for (const { from, to } of closure.edges) needs.get(from)?.push(to);
  const search = new Search(needs);
  for (const unit of needs.keys()) search.from(unit);
  return search.groups;
}

interface Visit {
  readonly unit: string;
  next: number;
}

class Search {
  readonly groups: string[][] = [];
  readonly #needs: ReadonlyMap<string, readonly string[]>;
  readonly #index = new Map<string, number>();
  readonly #low = new Map<string, number>();
  readonly #open: string[] = [];
  readonly #isOpen = new Set<string>();

  constructor(needs: ReadonlyMap<string, readonly string[]>) {
    this.#needs = needs;
  }

  /** Not recursive: a chain of dependencies may be longer than the stack. */
  from(start: string): void {
    if (this.#index.has(start)) return;
    const visits: Visit[] = [this.#enter(start)];
    for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
      const to = this.#needs.get(visit.unit)?.[visit.next++];
      if (to === undefined) {
        visits.pop();
        this.#leave(visit.unit, visits.at(-1)?.unit);
      } else if (!this.#index.has(to)) {
        visits.push(this.#enter(to));
      } else if (this.#isOpen.has(to)) {
        this.#lower(visit.unit, this.#index.get(to));
      }
    }
  }

  #enter(unit: string): Visit {
    this.#low.set(unit, this.#index.size);
    this.#index.set(unit, this.#index.size);
    this.#open.push(unit);
    this.#isOpen.add(unit);
    return { unit, next: 0 };
  }

  #leave(unit: string, parent: string | undefined): void {
    if (parent !== undefined) this.#lower(parent, this.#low.get(unit));
    if (this.#low.get(unit) !== this.#index.get(unit)) return;
    const group = this.#open.splice(this.#open.lastIndexOf(unit));
    for (const member of group) this.#isOpen.delete(member);
    this.groups.push(group.sort((a, b) => (a < b ? -1 : 1)));
  }

  #lower(unit: string, low = 0): void {
    this.#low.set(unit, Math.min(this.#low.get(unit) ?? low, low));
  }
}
