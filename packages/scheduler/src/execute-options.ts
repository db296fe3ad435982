import type { EventSink, KeyLocks, LeafReader, TraceStore } from "@imgbuild/graph";
import type { Runners } from "./resolve-step.ts";

/** What a run needs beside its plan. */
export interface ExecuteOptions {
  /** Steps at a time, at least one. */
  readonly jobs: number;
  /** After a failure, go on with everything that does not depend on it. */
  readonly keepGoing: boolean;
  /** When it aborts nothing new starts, and steps under way are told and waited for. */
  readonly signal: AbortSignal;
  /** Told of steps, lock waits, retries, and at the end of failed targets. */
  readonly emit: EventSink;
  readonly traces: TraceStore;
  readonly locks: KeyLocks;
  readonly runners: Runners;
  readonly leafReader: LeafReader;
  /** Milliseconds from any fixed moment. */
  now(): number;
}
