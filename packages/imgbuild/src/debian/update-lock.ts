import { type DebianLock, type LockedSet, pinsOf } from "@imgbuild/debian";
import type { DebianRequest } from "@imgbuild/define";
import { atPosition, ImgbuildError, type Position } from "@imgbuild/errors";
import { didYouMean } from "@imgbuild/graph";
import { choosePackages, type SuiteReader } from "./choose-packages.ts";
import { lockName } from "./lock-name.ts";

/** What a definition asks for, and the first place that does. */
export interface PlacedRequest {
  readonly request: DebianRequest;
  readonly position: Position | null;
}

/** What the lock is to hold. */
export interface LockWish {
  readonly old: DebianLock;
  /** What definitions ask for, each once. */
  readonly requests: readonly PlacedRequest[];
  /** Whether sets that nobody asks for are dropped: not when only some definitions were evaluated. */
  readonly complete: boolean;
  /** Names of packages to take anew; `*` for all. */
  readonly update: readonly string[];
}

/** A lock to be, and what there is to say of how it came to be. */
export interface NewLock {
  readonly lock: DebianLock;
  readonly notes: readonly string[];
}

/** Requests that a lock does not hold, and sets that nobody asks for. */
export function outOfStep({ old, requests, complete }: LockWish): {
  readonly missing: readonly string[];
  readonly unused: readonly string[];
} {
  const known = new Set(old.sets.map(({ name }) => name));
  const wanted = new Set(requests.map(({ request }) => lockName(request)));
  return {
    missing: [...wanted].filter((name) => !known.has(name)),
    unused: complete ? [...known].filter((name) => !wanted.has(name)) : [],
  };
}

/**
 * The lock that holds these requests: what it has already stays as it is, but for packages to update. A set that is new keeps to
 * the versions that others of its suite and architecture have.
 */
export async function updateLock(wish: LockWish, readSuite: SuiteReader): Promise<NewLock> {
  const { old, requests, complete, update } = wish;
  const byName = new Map(old.sets.map((set) => [set.name, set]));
  checkUpdates(wish, byName);
  const sets: LockedSet[] = [];
  const notes = new Set<string>();
  for (const { request, position } of requests) {
    const name = lockName(request);
    const before = byName.get(name);
    if (before !== undefined && !isTouched(before, update)) {
      sets.push(before);
      continue;
    }
    const { set, notes: said } = await choosePackages(request, { readSuite, pinned: pinsFor(request, wish) }).catch(
      (error: unknown) => {
        throw error instanceof ImgbuildError && error.code !== "cancelled" ? atPosition(error, position) : error;
      },
    );
    sets.push(before !== undefined && samePackages(before, set) ? before : set);
    for (const message of said) notes.add(message);
  }
  const kept = complete ? [] : old.sets.filter(({ name }) => !sets.some((set) => set.name === name));
  return { lock: { sets: [...sets, ...kept] }, notes: [...notes] };
}

/** The state of an index alone is no reason to write the lock anew. */
function samePackages(a: LockedSet, b: LockedSet): boolean {
  const text = ({ packages, request }: LockedSet) =>
    JSON.stringify([
      request,
      [...packages].sort((x, y) => (x.name < y.name ? -1 : 1)).map((each) => ({ ...each, suite: "" })),
    ]);
  return text(a) === text(b);
}

function isTouched({ packages }: LockedSet, update: readonly string[]): boolean {
  return update.includes("*") || packages.some(({ name }) => update.includes(name));
}

/** Versions that sets of the same suite and architecture have. */
function pinsFor(request: DebianRequest, { old, update }: LockWish): ReadonlyMap<string, string> {
  if (update.includes("*")) return new Map();
  const name = lockName(request);
  const alike = old.sets.filter(
    ({ architecture, suites }) => architecture === request.architecture && suites[0]?.suite === request.suites[0],
  );
  const pins = new Map<string, string>();
  // Its own versions come last: they count.
  for (const set of [...alike.filter((each) => each.name !== name), ...alike.filter((each) => each.name === name)]) {
    for (const [key, version] of pinsOf(set, update)) pins.set(key, version);
  }
  return pins;
}

function checkUpdates({ update, old, requests }: LockWish, byName: ReadonlyMap<string, LockedSet>): void {
  const names = new Set(old.sets.flatMap(({ packages }) => packages.map(({ name }) => name)));
  for (const name of update) {
    const isNew = requests.some(({ request }) => !byName.has(lockName(request)));
    if (name === "*" || names.has(name) || isNew) continue;
    throw new ImgbuildError(
      "usage",
      `Cannot update the package "${name}": imgbuild.lock does not have it${didYouMean(name, [...names])}`,
      {
        hint: "Name a package of the lock, or '*' for all",
      },
    );
  }
}
