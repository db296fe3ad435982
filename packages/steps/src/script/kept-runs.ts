import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { DerivationId } from "@imgbuild/graph";
import { removeTree } from "@imgbuild/sandbox";
import type { Store } from "@imgbuild/store";
import type { OpenedSandbox } from "./open-sandbox.ts";
import type { KeptRun } from "./run-scripts.ts";

const BY_DERIVATION = "kept sandboxes 1";
const BY_LABEL = "kept sandboxes of targets 1";

/** Remembers how to enter the sandbox that a failed script of a derivation left. */
export function keepRun(store: Store, id: DerivationId, run: KeptRun): void {
  store.facts.set(BY_DERIVATION, id, JSON.stringify(run));
}

/**
 * Remembers, for a target that failed, the sandbox that one of its derivations left: a later definition of the target has other
 * derivations. What was kept of it before is removed.
 */
export async function keepForTarget(
  store: Store,
  label: string,
  { ids, open }: { readonly ids: Iterable<DerivationId>; readonly open: () => Promise<OpenedSandbox> },
): Promise<void> {
  for (const id of ids) {
    const kept = read(store, BY_DERIVATION, id);
    if (kept === undefined) continue;
    const before = keptRun(store, label);
    store.facts.set(BY_LABEL, label, JSON.stringify(kept));
    if (before !== undefined && before.directory !== kept.directory) await remove(before, open);
    return;
  }
}

/** The sandbox that the last failed script of a target left; undefined when there is none, or it was removed. */
export function keptRun(store: Store, label: string): KeptRun | undefined {
  return read(store, BY_LABEL, label);
}

/** Labels of targets with a sandbox that was kept. */
export function keptLabels(store: Store): string[] {
  return store.facts.keys(BY_LABEL);
}

/** Removes the sandbox that was kept for a target, once nobody needs to look inside any more. */
export async function dropKeptRun(store: Store, label: string, open: () => Promise<OpenedSandbox>): Promise<void> {
  const kept = keptRun(store, label);
  store.facts.remove(BY_LABEL, label);
  if (kept !== undefined) await remove(kept, open);
}

function read(store: Store, space: string, key: string): KeptRun | undefined {
  const text = store.facts.get(space, key);
  if (text === undefined) return undefined;
  const kept = JSON.parse(text) as KeptRun;
  return existsSync(kept.sandbox) ? kept : undefined;
}

async function remove(kept: KeptRun, open: () => Promise<OpenedSandbox>): Promise<void> {
  const { sandbox, place } = await open();
  // Only what lies where sandboxes are: the index is no authority on what may be deleted.
  const own = dirname(kept.sandbox) === place.sandboxes && /^[\d-]+$/.test(basename(kept.sandbox));
  if (own) await removeTree(sandbox.abilities, kept.sandbox);
}
