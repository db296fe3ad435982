import { atPosition, fromUnknown, type ImgbuildError } from "@imgbuild/errors";
import type { Derivation, EventSink, KeyLocks, Output, Step, StepRunner, Trace, TraceStore } from "@imgbuild/graph";

/** How performing a step ended. Nothing is thrown. */
export type Performed =
  /** Another process had built it before we got the lock. */
  | { readonly type: "hit"; readonly trace: Trace }
  | { readonly type: "built"; readonly output: Output; readonly ms: number }
  /** An input changed while it was read. */
  | { readonly type: "changed"; readonly error: ImgbuildError; readonly ms: number }
  | { readonly type: "cancelled"; readonly ms: number }
  | { readonly type: "failed"; readonly error: ImgbuildError; readonly ms: number };

/** What performing a step needs beside the step. */
export interface PerformOptions {
  readonly label: string;
  readonly runner: StepRunner;
  readonly traces: TraceStore;
  readonly locks: KeyLocks;
  /** `trust`: use and keep traces. `replace`: run all the same, and replace the trace. `none`: leave traces alone. */
  readonly cache: "trust" | "replace" | "none";
  readonly emit: EventSink;
  /** Milliseconds; only differences count. */
  now(): number;
  /** Whether the key still says what the inputs are; asked before anything is recorded. */
  isCurrent(): boolean;
}

/** Performs one step under the lock of its key, and remembers what came out. */
export async function performStep(step: Step, options: PerformOptions): Promise<Performed> {
  const { label, locks, emit } = options;
  let started: number | undefined;
  const body = async (): Promise<Performed> => {
    const trace = options.cache === "trust" ? options.traces.find(step.key) : undefined;
    if (trace !== undefined) return { type: "hit", trace };
    step.signal.throwIfAborted();
    started = options.now();
    const { id, kind } = step.derivation;
    emit({ type: "step.start", id, kind, title: stepTitle(options.runner, step.derivation), label });
    return run(step, started, options);
  };
  try {
    if (options.cache === "none") return await body();
    const onWait = (holder: string): void => emit({ type: "lock.wait", label, holder });
    return await locks.withLock(step.key, { signal: step.signal, onWait }, body);
  } catch (error) {
    const ms = started === undefined ? 0 : options.now() - started;
    return failure(error, step, { label, ms });
  }
}

/** What the step of a derivation is called in events. */
export function stepTitle(runner: StepRunner | undefined, derivation: Derivation): string {
  return runner?.title?.(derivation) ?? derivation.kind;
}

async function run(step: Step, started: number, options: PerformOptions): Promise<Performed> {
  const { runner, cache, traces } = options;
  const output = await runner.run(step);
  const ms = Math.max(0, options.now() - started);
  if (cache !== "none" && options.isCurrent()) {
    const blobs = runner.blobs?.(output) ?? [];
    traces.record(step.key, { output, durationMs: ms, blobs }, { replace: cache === "replace" });
  }
  return { type: "built", output, ms };
}

function failure(thrown: unknown, step: Step, { label, ms }: { label: string; ms: number }): Performed {
  const known = fromUnknown(thrown, `Cannot build "${label}"`);
  if (step.signal.aborted) return { type: "cancelled", ms };
  const error = atPosition(known, step.derivation.position);
  return { type: error.code === "input-changed" ? "changed" : "failed", error, ms };
}
