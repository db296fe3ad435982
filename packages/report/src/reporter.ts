import type { EventSink } from "@imgbuild/graph";

/** Shows what happens in a run. */
export interface Reporter {
  readonly emit: EventSink;
  /** Leaves the output in order, also in the middle of a run. Safe to call twice; what is emitted later is ignored. */
  close(): void;
}

/** What is said: failures and warnings alone, what was done, or hits as well. */
export type Verbosity = "quiet" | "normal" | "verbose";

/** What a reporter for people must be given. */
export interface TextReporterOptions {
  /** Takes complete text, line breaks included. */
  write(text: string): void;
  readonly colour: boolean;
  readonly verbosity?: Verbosity | undefined;
  /** Gives a source line to show with an error. */
  readonly readLine?: ((file: string, line: number) => string | undefined) | undefined;
}
