import type { Derivation, DerivationId, Graph, Target } from "@imgbuild/graph";
import { factHolds, type RecordedFact, type World } from "./facts.ts";
import { type FileStamp, recheckFile } from "./file-stamp.ts";

/** Keeps evaluations: JSON text by key. The last write wins; a lost or damaged entry is a miss. */
export interface EvaluationCache {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

/** A warning of a definition, with its place at the front of the text. */
export interface EvaluationWarning {
  readonly message: string;
}

/** What a definition exports beside targets. */
export interface OtherExportNote {
  readonly file: string;
  readonly name: string;
  readonly what: string;
}

/** The result of an evaluation. */
interface EvaluationResult {
  readonly graph: Graph;
  readonly others: readonly OtherExportNote[];
  readonly warnings: readonly EvaluationWarning[];
}

/** A result with everything it depends on. */
export interface SavedEvaluation extends EvaluationResult {
  readonly files: readonly FileStamp[];
  readonly facts: readonly RecordedFact[];
}

type Stored = Omit<SavedEvaluation, "graph"> & {
  readonly derivations: readonly Derivation[];
  readonly targets: readonly Target[];
};

/** Writes an evaluation. */
export function saveEvaluation(cache: EvaluationCache, key: string, saved: SavedEvaluation): void {
  const { graph, ...rest } = saved;
  const stored: Stored = { ...rest, derivations: [...graph.derivations.values()], targets: graph.targets };
  cache.set(key, JSON.stringify(stored));
}

/** The evaluation of a key, if every file and fact it depends on is as it was. Loads nothing but JSON. */
export function loadEvaluation(cache: EvaluationCache, key: string, world: World): SavedEvaluation | undefined {
  const stored = parse(cache.get(key));
  if (stored === undefined) return undefined;
  const now = world.now();
  let fresher = false;
  const files: FileStamp[] = [];
  for (const stamp of stored.files) {
    const checked = recheckFile(world.workspaceRoot, stamp, now);
    if (checked === undefined) return undefined;
    fresher ||= checked !== stamp;
    files.push(checked);
  }
  if (!stored.facts.every((recorded) => factHolds(world, recorded))) return undefined;
  const { derivations, targets, ...rest } = stored;
  const byId = new Map<DerivationId, Derivation>(derivations.map((derivation) => [derivation.id, derivation]));
  const saved = { ...rest, files, graph: { derivations: byId, targets } };
  if (fresher) saveEvaluation(cache, key, saved);
  return saved;
}

function parse(text: string | undefined): Stored | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Stored> | null;
    const lists = [value?.files, value?.facts, value?.derivations, value?.targets, value?.others, value?.warnings];
    return lists.every(Array.isArray) ? (value as Stored) : undefined;
  } catch {
    return undefined;
  }
}
