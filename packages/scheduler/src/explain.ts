import { byCodeUnit, canonicalJson, type JsonValue, type MissReason, type TreeChange } from "@imgbuild/graph";
import { changedAttributes } from "./changed-attributes.ts";
import type { LeafRecord, TargetRecord } from "./target-record.ts";

/** Why a target was not a hit. `message` is one line without the label; `paths` are all files it speaks of. */
export interface MissExplanation {
  readonly reason: MissReason;
  readonly message: string;
  readonly paths: readonly string[];
}

/** What {@link explainMiss} must be told beside the two records. */
export interface ExplainOptions {
  /** Files that differ between two states of one leaf, by path in the workspace; none when that is not known any more. */
  changedPaths(before: LeafRecord, after: LeafRecord): readonly TreeChange[];
  /** It ran because somebody said `--force`. */
  readonly forced?: boolean | undefined;
  /** It ran because somebody said `--no-cache`. */
  readonly noCache?: boolean | undefined;
}

/**
 * Says why a target has to be built: what differs between what it was last built from and what it is built from now.
 * `previous` is undefined when it was never built in this cache.
 */
export function explainMiss(
  previous: TargetRecord | undefined,
  current: TargetRecord,
  options: ExplainOptions,
): MissExplanation {
  if (options.noCache === true) return { reason: "no-cache", message: "the cache is not used", paths: [] };
  if (options.forced === true) return { reason: "forced", message: "forced", paths: [] };
  if (previous === undefined) return { reason: "never-built", message: "never built here", paths: [] };

  const files = changedFiles(previous, current, options);
  const paths = [...new Set(files.map((file) => file.path))];
  if (previous.recipe !== current.recipe) {
    const also = files.length === 0 ? "" : `; ${filesMessage(files)}`;
    return { reason: "definition-changed", message: `${definitionMessage(previous, current)}${also}`, paths };
  }
  if (files.length > 0) return { reason: "files-changed", message: filesMessage(files), paths };
  if (previous.inputHash !== current.inputHash) {
    return { reason: "definition-changed", message: "last built by another version of imgbuild", paths: [] };
  }
  return { reason: "evicted", message: "built before, but no longer in the cache", paths: [] };
}

/** Changes in leaves that both records have; a leaf that only one has is a change of the definition. */
function changedFiles(previous: TargetRecord, current: TargetRecord, options: ExplainOptions): readonly TreeChange[] {
  const before = new Map(previous.leaves.map((leaf) => [leafKey(leaf), leaf]));
  const changes = new Map<string, TreeChange>();
  for (const leaf of current.leaves) {
    const old = before.get(leafKey(leaf));
    if (old === undefined || old.digest === leaf.digest) continue;
    const found = options.changedPaths(old, leaf);
    const known: readonly TreeChange[] = found.length > 0 ? found : [{ path: leaf.path, change: "changed" }];
    for (const change of known) changes.set(change.path, change);
  }
  return [...changes.values()].sort((a, b) => byCodeUnit(a.path, b.path));
}

function filesMessage(files: readonly TreeChange[]): string {
  const counts = (["changed", "added", "removed"] as const)
    .map((change) => ({ change, count: files.filter((file) => file.change === change).length }))
    .filter(({ count }) => count > 0)
    .map(({ change, count }, index) => (index === 0 ? `${count} ${plural(count)} ${change}` : `${count} ${change}`));
  return `${counts.join(", ")} (${someOf(files.map((file) => file.path))})`;
}

function definitionMessage(previous: TargetRecord, current: TargetRecord): string {
  const added = onlyIn(current.leaves, previous.leaves);
  const removed = onlyIn(previous.leaves, current.leaves).filter((path) => !added.includes(path));
  const changes = [
    ...changedAttributes(previous.args, current.args).filter((name) => !FOLLOWS.has(name)),
    ...added.map((path) => `now reads ${shown(path)}`),
    ...removed.map((path) => `no longer reads ${shown(path)}`),
  ];
  return `definition changed (${changes.length === 0 ? "its inputs" : someOf(changes)})`;
}

/** Attributes that describe the inputs: the cause of their change is in these. */
const FOLLOWS: ReadonlySet<string> = new Set(["history"]);

function shown(path: string): string {
  return path === "" ? "the workspace" : path;
}

function onlyIn(these: readonly LeafRecord[], those: readonly LeafRecord[]): readonly string[] {
  const known = new Set(those.map(leafKey));
  return [...new Set(these.filter((leaf) => !known.has(leafKey(leaf))).map((leaf) => leaf.path))].sort(byCodeUnit);
}

function leafKey(leaf: LeafRecord): string {
  return canonicalJson([leaf.path, leaf.recipe] satisfies JsonValue);
}

function someOf(names: readonly string[]): string {
  const [first = "", ...rest] = names.map((name) => (name === "" ? "." : name.replaceAll(/\s+/g, " ")));
  return rest.length === 0 ? first : `${first}, +${rest.length} more`;
}

function plural(count: number): string {
  return count === 1 ? "file" : "files";
}
