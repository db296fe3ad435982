import type { DerivationId } from "@imgbuild/graph";
import type { TargetRecord } from "@imgbuild/scheduler";
import type { Store } from "@imgbuild/store";

/** What is remembered of a target's last build: to explain the next one, and to order it. */
export interface Remembered {
  readonly record: TargetRecord;
  /** Digest of its output. */
  readonly digest: string;
  /** Milliseconds that its steps took, by derivation. */
  readonly durations: Readonly<Record<string, number>>;
}

const SPACE = "targets 1";

/** Remembers targets in the facts of a store, by label. */
export class TargetMemory {
  readonly #store: Store;
  readonly #known = new Map<string, Remembered | undefined>();

  constructor(store: Store) {
    this.#store = store;
  }

  get(label: string): Remembered | undefined {
    if (!this.#known.has(label)) this.#known.set(label, parse(this.#store.facts.get(SPACE, label)));
    return this.#known.get(label);
  }

  /** Keeps what is new: nothing is written when nothing changed. */
  set(label: string, remembered: Remembered): void {
    const before = this.get(label);
    if (
      before !== undefined &&
      before.digest === remembered.digest &&
      before.record.inputHash === remembered.record.inputHash
    )
      return;
    this.#known.set(label, remembered);
    this.#store.facts.set(SPACE, label, JSON.stringify(remembered));
  }

  /** How long a step took last time, for any of these targets. */
  durations(labels: readonly string[]): ReadonlyMap<DerivationId, number> {
    const all = new Map<DerivationId, number>();
    for (const label of labels) {
      for (const [id, ms] of Object.entries(this.get(label)?.durations ?? {})) all.set(id as DerivationId, ms);
    }
    return all;
  }
}

function parse(text: string | undefined): Remembered | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Remembered;
  } catch {
    return undefined;
  }
}
