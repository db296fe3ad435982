import { ImgbuildError } from "@imgbuild/errors";
import type { KeyLocks } from "@imgbuild/graph";

/** Locks between several schedulers of one process; `holder` is what the others are told. */
export function memoryKeyLocks(held: Map<string, Promise<void>> = new Map(), holder = "another scheduler"): KeyLocks {
  return {
    async withLock(key, options, body) {
      for (let before = held.get(key), first = true; before !== undefined; before = held.get(key), first = false) {
        if (first) options.onWait(holder);
        await Promise.race([before, aborted(options.signal)]);
      }
      let release = (): void => {};
      held.set(
        key,
        new Promise((resolve) => {
          release = resolve;
        }),
      );
      try {
        return await body();
      } finally {
        held.delete(key);
        release();
      }
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const cancel = (): void => reject(new ImgbuildError("cancelled", "Cancelled while waiting for a lock"));
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
  });
}
