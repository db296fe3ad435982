import { existsSync, mkdirSync } from "node:fs";
import type { DerivationId } from "@imgbuild/graph";
import { openSandbox, removeTree } from "@imgbuild/sandbox";
import type { Store } from "@imgbuild/store";
import type { KeptRun } from "./run-scripts.ts";
import type { ScriptOptions } from "./script-options.ts";

const SPACE = "kept sandboxes 1";

/** Remembers how to enter the sandbox that a failed script of a derivation left. */
export function keepRun(store: Store, id: DerivationId, run: KeptRun): void {
  store.facts.set(SPACE, id, JSON.stringify(run));
}

/** The sandbox that the last failed script of a derivation left; undefined when there is none, or it was removed. */
export function keptRun(store: Store, id: DerivationId): KeptRun | undefined {
  const text = store.facts.get(SPACE, id);
  if (text === undefined) return undefined;
  const kept = JSON.parse(text) as KeptRun;
  return existsSync(kept.directory) ? kept : undefined;
}

const SHELL = 'if [ -n "$BASH" ]; then exec "$BASH" -i; fi\nexec sh -i\n';

/** Lets the person at the terminal look around in a kept sandbox; gives the exit code of the shell. */
export async function enterKept(
  kept: KeptRun,
  { scripts, signal }: { readonly scripts: ScriptOptions; readonly signal: AbortSignal },
): Promise<number> {
  const sandbox = openSandbox(scripts.host, scripts.platform);
  const scratch = `${kept.directory}/shell-${scripts.pid}`;
  mkdirSync(scratch);
  try {
    const end = await sandbox.run({
      ...kept.run,
      command: { script: SHELL },
      env: { PS1: "imgbuild:\\w# ", TERM: "xterm" },
      network: false,
      timeoutMs: undefined,
      limits: {},
      signal,
      scratch,
      onOutput: () => undefined,
      terminal: true,
    });
    return end.code ?? 137;
  } finally {
    await removeTree(sandbox.abilities, scratch);
  }
}
