import type { PackageEntry } from "../archive/package-entry.ts";
import type { PackagePool } from "../archive/package-pool.ts";
import { byCodeUnit } from "../text/by-code-unit.ts";
import { meets, type Relation } from "../text/relation.ts";
import { allowsProviders, entrySatisfies, provisions } from "./selection.ts";
import type { Want } from "./want.ts";

/** A package that would satisfy a want. */
export interface Candidate {
  readonly entry: PackageEntry;
  /** The alternative that it satisfies. */
  readonly relation: Relation;
  /** It is not the named package, but provides it. */
  readonly provides: boolean;
}

const PRIORITIES = ["required", "important", "standard", "optional", "extra"];

/** Finds what could satisfy a want, best first: by alternative, then real packages before providers. */
export class CandidateFinder {
  readonly #pool: PackagePool;
  readonly #pinned: ReadonlyMap<string, string>;

  /** `pinned`: versions by name that go before all others. */
  constructor(pool: PackagePool, pinned: ReadonlyMap<string, string>) {
    this.#pool = pool;
    this.#pinned = pinned;
  }

  of(want: Want): readonly Candidate[] {
    const found: Candidate[] = [];
    const seen = new Set<PackageEntry>();
    const take = (candidate: Candidate): void => {
      if (seen.has(candidate.entry)) return;
      seen.add(candidate.entry);
      if (want.suite === undefined || candidate.entry.origin.suite === want.suite) found.push(candidate);
    };
    for (const relation of want.group) {
      for (const entry of this.#versions(relation.name, want.suite)) {
        if (entrySatisfies(entry, relation)) take({ entry, relation, provides: false });
      }
      if (!allowsProviders(relation)) continue;
      for (const entry of this.#providers(relation, want)) take({ entry, relation, provides: true });
    }
    return this.#pinned.size === 0 ? found : this.#pinnedFirst(found);
  }

  #versions(name: string, suite: string | undefined): readonly PackageEntry[] {
    const entries = this.#pool.candidates(name);
    const pinned = this.#pinned.get(name);
    if (pinned === undefined || suite !== undefined) return entries;
    return [...entries].sort((a, b) => Number(b.version === pinned) - Number(a.version === pinned));
  }

  /** Debian has no rule who provides best. Ours: same source as who asks, essential, priority, name. */
  #providers(relation: Relation, want: Want): readonly PackageEntry[] {
    const source = want.by?.entry.source;
    const providers = this.#pool
      .providerNames(relation.name)
      .filter((name) => name !== relation.name)
      .map((name) => this.#versions(name, want.suite).filter((entry) => providesFor(entry, relation)))
      .flatMap((entries) => (entries[0] === undefined ? [] : [{ best: entries[0], entries }]));
    providers.sort(
      ({ best: a }, { best: b }) =>
        Number(b.source === source) - Number(a.source === source) ||
        Number(b.essential) - Number(a.essential) ||
        rankOf(a) - rankOf(b) ||
        byCodeUnit(a.name, b.name),
    );
    return providers.flatMap(({ entries }) => entries);
  }

  /** What the lock has stays, so that a second provider or alternative that appears changes nothing. */
  #pinnedFirst(found: readonly Candidate[]): readonly Candidate[] {
    const isPinned = ({ entry }: Candidate): boolean => this.#pinned.get(entry.name) === entry.version;
    return [...found.filter(isPinned), ...found.filter((candidate) => !isPinned(candidate))];
  }
}

function providesFor(entry: PackageEntry, relation: Relation): boolean {
  return provisions(entry).some(({ name, version }) => name === relation.name && meets(version, relation.constraint));
}

function rankOf({ priority }: PackageEntry): number {
  const rank = PRIORITIES.indexOf(priority);
  return rank === -1 ? PRIORITIES.length : rank;
}
