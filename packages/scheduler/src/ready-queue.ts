/** Items in order of `compare`, first first. Equal items keep no order: make `compare` total. */
export interface ReadyQueue<T> {
  push(item: T): void;
  pop(): T | undefined;
}

/** A queue as a sorted array: there are thousands of steps at most, and most are never queued. */
export function readyQueue<T>(compare: (a: T, b: T) => number): ReadyQueue<T> {
  // Last first, so that `pop` moves nothing.
  const items: T[] = [];
  return {
    push(item) {
      let low = 0;
      let high = items.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (compare(items[middle] as T, item) > 0) low = middle + 1;
        else high = middle;
      }
      items.splice(low, 0, item);
    },
    pop: () => items.pop(),
  };
}
