import { byCodeUnit } from "../text/by-code-unit.ts";

const LIMIT = 3;

/** The names most like `word`, best first, at most three: few edits, or the word as a part of the name. */
function nearestNames(word: string, names: Iterable<string>): readonly string[] {
  const bound = Math.max(1, Math.floor(word.length / 3));
  const scored: { readonly name: string; readonly score: number }[] = [];
  for (const name of new Set(names)) {
    const distance = editDistance(word, name, bound);
    if (distance <= bound) scored.push({ name, score: distance });
    else if (word.length >= 3 && name.startsWith(word)) scored.push({ name, score: bound + 1 + name.length / 1000 });
  }
  scored.sort((a, b) => a.score - b.score || byCodeUnit(a.name, b.name));
  return scored.slice(0, LIMIT).map(({ name }) => name);
}

/** ` (did you mean "a" or "b"?)`; empty when nothing is near. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const near = nearestNames(word, names).map((name) => JSON.stringify(name));
  return near.length === 0 ? "" : ` (did you mean ${near.join(" or ")}?)`;
}

/** Insertions, deletions, substitutions and swaps of neighbours; anything above `bound` counts as `bound + 1`. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j += 1) {
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (before[j - 2] ?? 0) + 1 : change;
      const cost = Math.min(change, swap, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      row.push(cost);
      if (cost < best) best = cost;
    }
    if (best > bound + 1) return bound + 1;
    before = last;
    last = row;
  }
  return last[b.length] ?? bound + 1;
}
