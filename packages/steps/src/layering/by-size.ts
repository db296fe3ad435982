import { stableOrder } from "./stable-order.ts";
import { closures, type Group, type Unit } from "./unit.ts";

/**
 * Splits units over at most `limit` layers, biggest first, each with the dependencies that it alone uses (dockerTools'
 * "auto layer"): the biggest unit that is left and what only it needs get a layer; what several such owners share gets one
 * for each set of owners; the rest is one layer. Stops before the number of layers would pass `limit`.
 *
 * Order, bottom first: layers whose units need few others before those whose units need many, so that what is needed is
 * below; of equals what comes first in the list. The place of a layer so depends on its own units and on what they need: a
 * unit that is added moves no layer that it does not join.
 */
export function splitBySize(units: readonly Unit[], limit: number): Group[] {
  const groups = new Map<string, number[]>();
  ownersOf(units, limit).forEach((set, unit) => {
    const key = keyOf(set);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [unit]);
    else group.push(unit);
  });
  return stableOrder(units, [...groups.values()]);
}

function keyOf(owners: ReadonlySet<number>): string {
  return [...owners].sort((a, b) => a - b).join(" ");
}

/** For each unit, the big units in whose layer it belongs: none for the rest. */
function ownersOf(units: readonly Unit[], limit: number): ReadonlySet<number>[] {
  const below = closures(units);
  const bySize = units
    .map((_, i) => i)
    .sort((a, b) => (units[b]?.size ?? 0) - (units[a]?.size ?? 0) || byName(units, a, b));
  let owners: ReadonlySet<number>[] = units.map(() => new Set<number>());
  for (const owner of bySize) {
    const next = [...owners];
    next[owner] = new Set([owner]);
    for (const dependency of below[owner] ?? []) {
      if (dependency === owner) continue;
      const left = [...(owners[dependency] ?? [])].filter((other) => below[other]?.has(owner) !== true);
      const isPrivate = left.some((other) => below[owner]?.has(other) === true);
      next[dependency] = new Set(isPrivate ? left : [...left, owner]);
    }
    if (new Set(next.map(keyOf)).size > limit) break;
    owners = next;
  }
  return owners;
}

function byName(units: readonly Unit[], a: number, b: number): number {
  const [x, y] = [units[a]?.name ?? "", units[b]?.name ?? ""];
  return x < y ? -1 : x > y ? 1 : a - b;
}
