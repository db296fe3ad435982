import { closures, type Group, type Unit } from "./unit.ts";

/** Groups by how many units one of theirs needs at most, directly or not, then by the place of their last unit in the list. */
export function stableOrder(units: readonly Unit[], groups: readonly Group[]): Group[] {
  const needs = closures(units).map((closure) => closure.size);
  const keyed = groups.map((group) => ({
    group,
    needs: Math.max(0, ...group.map((unit) => needs[unit] ?? 0)),
    last: Math.max(0, ...group),
  }));
  return keyed.sort((a, b) => a.needs - b.needs || a.last - b.last).map(({ group }) => group);
}
