import { ImgbuildError } from "@imgbuild/errors";

/** Lets the tasks of one process pass one at a time for a key, in the order they came. */
export class KeyQueue {
  readonly #last = new Map<string, Promise<void>>();

  /** Waits for its turn; the caller calls what it gets when done. Rejects with `cancelled` when `signal` aborts first. */
  async enter(key: string, signal: AbortSignal, onWait: () => void): Promise<() => void> {
    const before = this.#last.get(key);
    let leave: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => {
      leave = resolve;
    });
    // One who gives up still lets those behind wait for those before.
    const settled = before === undefined ? turn : before.then(() => turn);
    this.#last.set(key, settled);
    void settled.then(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    });
    if (before === undefined) return leave;
    try {
      onWait();
      await orAbort(before, signal, key);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }
}

async function orAbort(promise: Promise<void>, signal: AbortSignal, key: string): Promise<void> {
  const error = new ImgbuildError("cancelled", `Cancelled while waiting for the lock "${key}"`);
  if (signal.aborted) throw error;
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(error);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
