import type { Group, Unit } from "./unit.ts";

/**
 * Splits units over at most `limit` layers by how much is built on them (dockerTools' "popularity contest"): the `limit` - 1
 * most popular get a layer each, most popular at the bottom; all others share the top one.
 */
export function splitByPopularity(units: readonly Unit[], limit: number): Group[] {
  const scores = popularity(units);
  const ranked = units.map((_, i) => i).sort((a, b) => compare(units, scores, [a, b]));
  const alone = ranked.length <= limit ? ranked : ranked.slice(0, Math.max(limit - 1, 0));
  const rest = ranked.slice(alone.length).sort((a, b) => a - b);
  return [...alone.map((unit) => [unit]), ...(rest.length === 0 ? [] : [rest])];
}

/**
 * How deep and how widely each unit is used: a unit gets 1 for each user, and for each user of a user one more than that
 * user's own score of it. Counted from the units that nobody uses; what none of them reaches (a circle) has no score.
 */
export function popularity(units: readonly Unit[]): ReadonlyMap<number, number> {
  const used = new Set(units.flatMap((unit, i) => unit.dependsOn.filter((other) => other !== i)));
  const roots = units.map((_, i) => i).filter((i) => !used.has(i));
  const known = new Map<number, ReadonlyMap<number, number>>();
  const open = new Set<number>();
  const scoresBelow = (children: readonly number[], self: number): ReadonlyMap<number, number> => {
    const scores = new Map<number, number>();
    for (const child of new Set(children)) {
      if (child === self || units[child] === undefined) continue;
      add(scores, child, 1);
      for (const [unit, score] of of(child)) add(scores, unit, score + 1);
    }
    return scores;
  };
  const of = (unit: number): ReadonlyMap<number, number> => {
    const found = known.get(unit);
    if (found !== undefined) return found;
    if (open.has(unit)) return new Map();
    open.add(unit);
    const scores = scoresBelow(units[unit]?.dependsOn ?? [], unit);
    open.delete(unit);
    known.set(unit, scores);
    return scores;
  };
  return scoresBelow(roots, -1);
}

function add(scores: Map<number, number>, unit: number, score: number): void {
  scores.set(unit, (scores.get(unit) ?? 0) + score);
}

function compare(
  units: readonly Unit[],
  scores: ReadonlyMap<number, number>,
  [a, b]: readonly [number, number],
): number {
  const [x, y] = [scores.get(a) ?? 0, scores.get(b) ?? 0];
  if (x !== y) return y - x;
  const [nameA, nameB] = [units[a]?.name ?? "", units[b]?.name ?? ""];
  return nameA < nameB ? -1 : nameA > nameB ? 1 : a - b;
}
