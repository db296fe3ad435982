import type { Options } from "./options.ts";
import type { Tools } from "./tools.ts";

/** One program doing one piece of work, again and again. */
export interface Contender {
  readonly name: string;
  /** Brings back the state that each run starts from; not timed. */
  prepare?(): void | Promise<void>;
  /** Does the work and gives its measure: seconds, or MB where the row says so. */
  run(nodeFlags?: readonly string[]): Promise<number>;
  /** Takes `nodeFlags`, so that --profile can look into it. */
  readonly ours?: boolean;
  /** Takes so long that one run after the warm-up has to do: nothing is close. */
  readonly once?: boolean;
  /** Only for clean-up after its last run. */
  cleanUp?(): void | Promise<void>;
}

/** One line of the table: two contenders, or one and a figure. */
export interface Row {
  readonly title: string;
  readonly ours: string;
  readonly peer?: string;
  /** Greatest ours ÷ peer. */
  readonly goalRatio?: number;
  /** Greatest measure of ours. */
  readonly goal?: number;
  /** Greatest ours − peer: the peer's work is part of ours, and not ours to make faster. */
  readonly goalBeyond?: number;
  readonly unit?: "s" | "MB";
}

/** Contenders that run in turns on one tree. */
export interface Suite {
  readonly contenders: readonly Contender[];
  readonly rows: readonly Row[];
  /** What a reader of the table must know: a peer that is missing, or not what the goal names. */
  readonly notes?: readonly string[];
  tearDown?(): Promise<void>;
}

export interface SuiteContext {
  readonly options: Options;
  readonly tools: Tools;
  /** Scratch directory of this suite, empty at the start and removed at the end. */
  readonly scratch: string;
}

export interface SuiteSource {
  readonly name: string;
  setUp(context: SuiteContext): Promise<Suite>;
}
