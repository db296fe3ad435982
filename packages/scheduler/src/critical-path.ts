import type { DerivationId, Graph } from "@imgbuild/graph";
import type { PlanNode } from "./plan-node.ts";
import { derivationOf } from "./reachable.ts";

/** What a step that was never performed is taken to cost, in milliseconds. */
const UNKNOWN_MS = 1000;

/**
 * For each node the milliseconds on the longest way from its start to the end of the run, by recorded durations.
 * `nodes` have inputs before their users.
 */
export function remainingTimes(nodes: ReadonlyMap<DerivationId, PlanNode>): ReadonlyMap<DerivationId, number> {
  const remaining = new Map<DerivationId, number>();
  for (const [id, node] of [...nodes].reverse()) {
    const runs = node.mode === "cached" && (node.state === "build" || node.state === "maybe");
    const total = (remaining.get(id) ?? 0) + (runs ? (node.recordedMs ?? UNKNOWN_MS) : 0);
    remaining.set(id, total);
    for (const input of node.derivation.inputs) {
      remaining.set(input, Math.max(remaining.get(input) ?? 0, total));
    }
  }
  return remaining;
}

/**
 * The chain of performed steps that took longest, first step first: only a shorter one of these makes the run shorter.
 * `ids` have inputs before their users; `took` gives milliseconds, undefined for what did not run.
 */
export function criticalPath(
  graph: Graph,
  ids: Iterable<DerivationId>,
  took: (id: DerivationId) => number | undefined,
): readonly DerivationId[] {
  const best = new Map<DerivationId, { readonly ms: number; readonly path: Link | null }>();
  let longest: { readonly ms: number; readonly path: Link | null } = { ms: 0, path: null };
  for (const id of ids) {
    let before: typeof longest = { ms: 0, path: null };
    for (const input of derivationOf(graph, id).inputs) {
      const chain = best.get(input);
      if (chain !== undefined && chain.ms > before.ms) before = chain;
    }
    const ms = took(id);
    const chain = ms === undefined ? before : { ms: before.ms + ms, path: { id, before: before.path } };
    best.set(id, chain);
    if (chain.ms > longest.ms) longest = chain;
  }
  return listOf(longest.path);
}

interface Link {
  readonly id: DerivationId;
  readonly before: Link | null;
}

function listOf(last: Link | null): readonly DerivationId[] {
  const ids: DerivationId[] = [];
  for (let link = last; link !== null; link = link.before) ids.push(link.id);
  return ids.reverse();
}
