import {
  type LockedSet,
  type LockedSuite,
  lockedPackages,
  PackagePool,
  PackagesIndex,
  type PoolIndex,
  type Resolution,
  resolve,
} from "@imgbuild/debian";
import type { DebianRequest } from "@imgbuild/define";
import { ImgbuildError } from "@imgbuild/errors";
import { lockName, requestWords } from "./lock-name.ts";
import type { SuiteIndexes, SuiteWish } from "./read-suite.ts";

/** What was chosen for a request. */
export interface Chosen {
  readonly set: LockedSet;
  /** What a user may want to know. */
  readonly notes: readonly string[];
}

/** Gives the packages of suites, each read once. */
export type SuiteReader = (wish: SuiteWish) => Promise<SuiteIndexes>;

/**
 * Chooses packages for a request. `pinned` are versions to keep. Throws what reading suites and `resolve` throw.
 */
export async function choosePackages(
  request: DebianRequest,
  { readSuite, pinned }: { readonly readSuite: SuiteReader; readonly pinned: ReadonlyMap<string, string> },
): Promise<Chosen> {
  const suites = await suitesOf(request, readSuite);
  const real = suites.flatMap(({ indexes, priority }) => indexes.map((index): PoolIndex => ({ index, priority })));
  const { packages, without, architecture, recommends, essential } = request;
  const pool = new PackagePool([...real, ...standIns(without, real, architecture)]);
  const wanted = essential === "base" ? [...new Set([...packages, ...BASE])] : packages;
  const options = { pool, recommends, pinned, essential: essential === "base" ? ("none" as const) : essential };
  const first = resolve({ ...options, request: wanted });
  const choice = moves(first, packages, pool) ? resolve({ ...options, request: [...wanted, MERGED] }) : first;
  const left = new Set(without);
  const chosen = { ...choice, packages: choice.packages.filter(({ entry }) => !left.has(entry.name)) };
  const used = new Set(chosen.packages.map(({ entry }) => entry.origin.suite));
  const locked = suites.map((suite) => suite.locked).filter((suite, i) => i === 0 || used.has(suite.suite));
  const set: LockedSet = {
    name: lockName(request),
    architecture,
    request: requestWords(request),
    suites: locked satisfies readonly LockedSuite[],
    packages: lockedPackages(chosen).map((each) => ({
      ...each,
      depends: each.depends.filter((name) => !left.has(name)),
    })),
  };
  const notes = choice.notes.filter(({ name }) => !left.has(name)).map(({ message }) => message);
  return { set, notes: [...withoutSecurity(request, suites), ...notes] };
}

/** Suites that get no security updates of their own. */
const ROLLING = /^(?:sid|unstable|testing|experimental)$/;

/** A mirror without the suite of security updates is easily overlooked. */
function withoutSecurity({ suites, updates }: DebianRequest, found: readonly SuiteIndexes[]): readonly string[] {
  const wanted = updates ? suites.filter((suite) => !ROLLING.test(suite)).map((suite) => `${suite}-security`) : [];
  const missing = wanted.filter((suite) => !found.some(({ locked }) => locked.suite === suite));
  return missing.map((suite) => `No mirror has the suite "${suite}": packages are chosen without security updates`);
}

/** What says that `/usr` is merged. */
const MERGED = "usr-is-merged";

/** Whether the package was chosen that merges `/usr`, with all it needs for it: here it is merged from the outset. */
function moves({ packages }: Resolution, asked: readonly string[], pool: PackagePool): boolean {
  const isChosen = packages.some(({ entry }) => entry.name === "usrmerge");
  return isChosen && !asked.includes("usrmerge") && pool.candidates(MERGED).length > 0;
}

/** Without these there is no `/etc/passwd`, no `/tmp` and no word of what system it is. */
const BASE = ["base-files", "base-passwd"];

async function suitesOf(request: DebianRequest, readSuite: SuiteReader): Promise<readonly SuiteIndexes[]> {
  const { suites, components, architecture, updates } = request;
  const found: SuiteIndexes[] = [];
  for (const suite of suites) found.push(await readSuite({ suite, components, architecture }));
  for (const suite of updates ? suites.flatMap((each) => [`${each}-updates`, `${each}-security`]) : []) {
    try {
      found.push(await readSuite({ suite, components, architecture }));
    } catch (error) {
      // sid has neither, and not every mirror has both.
      if (!(error instanceof ImgbuildError && error.code === "not-found")) throw error;
    }
  }
  return found;
}

/** Empty packages in the place of those that are left out, as `equivs` makes them: they satisfy who needs the real ones. */
function standIns(without: readonly string[], real: readonly PoolIndex[], architecture: string): readonly PoolIndex[] {
  if (without.length === 0) return [];
  const pool = new PackagePool(real);
  const stanzas = without.map((name) => {
    const [entry] = pool.candidates(name);
    if (entry === undefined) {
      throw new ImgbuildError("not-found", `Cannot leave out the package "${name}": there is none of this name`, {
        hint: "Correct the attribute without",
      });
    }
    const provides = entry.stanza.folded("Provides");
    const more = provides === undefined ? "" : `Provides: ${provides}\n`;
    const essential = entry.essential ? "Essential: yes\n" : "";
    return `Package: ${name}\nVersion: ${entry.version}\nArchitecture: all\nMulti-Arch: foreign\n${more}${essential}Filename: none\nSize: 0\nSHA256: ${"0".repeat(64)}\n\n`;
  });
  const origin = { suite: "without", component: "main", architecture };
  return [{ index: new PackagesIndex(Buffer.from(stanzas.join("")), origin), priority: 10_000 }];
}
