import type { ResolvedKey } from "./derivation.ts";
import type { Output } from "./step-runner.ts";

/** A claim: the step with this key gave this output. */
export interface Trace {
  readonly output: Output;
  /** How long the step took when it was performed, in milliseconds. */
  readonly durationMs: number;
  /** Blobs that must be in the store for the output to be of use. */
  readonly blobs: readonly string[];
}

/** Remembers outputs by resolved key: many per target, so that going back to an old state is a hit. */
export interface TraceStore {
  /** The trace of a key; undefined when unknown, or when a blob it names is gone (then it is forgotten). */
  find(key: ResolvedKey): Trace | undefined;
  /** Keeps a trace; the first claim for a key wins unless `replace`. */
  record(key: ResolvedKey, trace: Trace, options?: { readonly replace?: boolean }): void;
}

/** Makes sure that one key is built by one process at a time. */
export interface KeyLocks {
  /**
   * Runs `body` while this process holds the lock of `key`. `onWait` is told once who holds it, if anybody does.
   * A lock of a dead process is taken over. Rejects with `cancelled` when `signal` aborts while waiting.
   */
  withLock<T>(
    key: string,
    options: { signal: AbortSignal; onWait(holder: string): void },
    body: () => Promise<T>,
  ): Promise<T>;
}
