/** The candidates most like `word`, best first, at most `limit`: case and separators count little, edits count one each. */
export function nearest(word: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = fold(word);
  const scored: { readonly candidate: string; readonly distance: number }[] = [];
  for (const candidate of new Set(candidates)) {
    const have = fold(candidate);
    const bound = Math.max(1, Math.floor(Math.max(wanted.length, have.length) / 3));
    const distance = editDistance(wanted, have, bound);
    if (distance <= bound) scored.push({ candidate, distance });
    else if (wanted.length >= 3 && have.includes(wanted)) scored.push({ candidate, distance: bound + 1 });
  }
  scored.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, limit).map((entry) => entry.candidate);
}

/** ` (did you mean "a" or "b"?)`, with a leading space; empty when there is nothing near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates).map((candidate) => JSON.stringify(candidate));
  return near.length === 0 ? "" : ` (did you mean ${near.join(" or ")}?)`;
}

function fold(word: string): string {
  return word.toLowerCase().replace(/[-_ ]/g, "");
}

/** Insertions, deletions, substitutions and swaps of neighbours; anything above `bound` counts as `bound + 1`. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(change, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? bound + 1;
}
