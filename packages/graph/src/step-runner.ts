import type { Derivation, DerivationId, Graph, ResolvedKey } from "./derivation.ts";
import type { JsonValue } from "./json.ts";
import type { Leaf } from "./leaf.ts";

/** What a derivation turned out to be. */
export interface Output {
  /** What its users are keyed on: equal digest, equal output. */
  readonly digest: string;
  /** Metadata of the kind (for a layer: diffID, size, …); bytes are in the blob store. */
  readonly data: JsonValue;
}

/** One derivation about to be performed. */
export interface Step {
  readonly derivation: Derivation;
  /** The first target, by label, that needs it: for words to people. */
  readonly label: string;
  readonly key: ResolvedKey;
  readonly graph: Graph;
  /** The leaf digest of a leaf derivation among this step's transitive inputs; throws `internal` otherwise. */
  leaf(id: DerivationId): Leaf;
  /** The output of a derivation among this step's transitive inputs; throws `internal` otherwise. */
  output(id: DerivationId): Output;
  readonly signal: AbortSignal;
  /** Reports bytes done so far; may be called often. */
  progress(bytes: number, total?: number): void;
  /** Passes on whole lines, without line breaks, that a program of this step printed; `source` says which. */
  print(source: string, lines: readonly string[]): void;
}

/** Performs derivations of one kind. The seam between the scheduler and the doing. */
export interface StepRunner {
  readonly kind: string;
  /**
   * `inline`: the output is a pure function of the resolved key and costs next to nothing: no trace, no event, no lock.
   * `cached`: the trace store is asked first, and told afterwards.
   */
  readonly mode: "inline" | "cached";
  /** Part of the resolved key: raise it when the same inputs give another output. */
  readonly version: number;
  /** What a derivation makes, in a few words for people: `npm package fastify@5.0.0`. Default: its kind. */
  title?(derivation: Derivation): string;
  /** Throws {@link ImgbuildError}; `input-changed` makes the scheduler measure the leaves again and retry. */
  run(step: Step): Promise<Output>;
  /** Digests of the blobs without which an output is of no use: they go into its trace. None when absent. */
  blobs?(output: Output): readonly string[];
}
