import { ImgbuildError } from "@imgbuild/errors";

/** One caller's part in shared work. */
export interface Passenger<P> {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: P) => void) | undefined;
}

/**
 * Work that several callers wait for together. It is cancelled when the last of them has cancelled; each hears of the
 * progress.
 */
export class Flight<T, P> {
  readonly #controller = new AbortController();
  readonly #listeners = new Set<(progress: P) => void>();
  readonly #result: Promise<T>;
  #waiting = 0;
  #settled = false;

  constructor(work: (signal: AbortSignal, onProgress: (progress: P) => void) => Promise<T>) {
    this.#result = work(this.#controller.signal, (progress) => {
      for (const listener of this.#listeners) listener(progress);
    });
    // Callers that cancelled have stopped listening: their share of a failure is no unhandled one.
    const settle = () => {
      this.#settled = true;
    };
    this.#result.then(settle, settle);
  }

  /** Whether it was cancelled: too late to join. */
  get cancelled(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Resolves or rejects with the work, or rejects with `cancelled` as soon as this caller's signal is aborted. */
  async join({ signal, onProgress }: Passenger<P>): Promise<T> {
    const listener = onProgress === undefined ? undefined : (progress: P) => onProgress(progress);
    this.#waiting++;
    if (listener !== undefined) this.#listeners.add(listener);
    try {
      return await (signal === undefined ? this.#result : Promise.race([this.#result, this.#cancellation(signal)]));
    } finally {
      if (listener !== undefined) this.#listeners.delete(listener);
      this.#waiting--;
      if (this.#waiting === 0 && !this.#settled) this.#controller.abort();
    }
  }

  #cancellation(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      const cancel = () => reject(cancelled());
      if (signal.aborted) cancel();
      else signal.addEventListener("abort", cancel, { once: true });
      this.#result.finally(() => signal.removeEventListener("abort", cancel)).catch(() => undefined);
    });
  }
}

/** The error of work that its caller cancelled. */
export function cancelled(): ImgbuildError {
  return new ImgbuildError("cancelled", "Cancelled while downloading", { hint: "What came so far is kept" });
}
