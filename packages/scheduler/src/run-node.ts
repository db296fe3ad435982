import type { Derivation, Output, ResolvedKey } from "@imgbuild/graph";
import type { Failure } from "./plan-node.ts";

/**
 * `waiting`: for inputs. `queued`: ready. `running`: under way. `following`: an equal step is under way, its output
 * will do. `done` and `failed` are ends, but for a changed leaf, which sends `done` back to `waiting`.
 */
type RunStatus = "waiting" | "queued" | "running" | "following" | "done" | "failed";

/** A derivation during a run: the one mutable thing of the scheduler. */
export interface RunNode {
  readonly derivation: Derivation;
  readonly mode: "inline" | "cached";
  readonly label: string;
  readonly inputs: readonly RunNode[];
  readonly dependants: RunNode[];
  status: RunStatus;
  /** Inputs that are not done. */
  missing: number;
  /** Raised when a leaf below changed: what was started in an older generation no longer counts. */
  generation: number;
  /** How often its own run found a changed input. */
  attempts: number;
  key: ResolvedKey | undefined;
  output: Output | undefined;
  result: "hit" | "built" | undefined;
  /** Milliseconds that the step ran, when built. */
  ms: number;
  /** Milliseconds that the step did not have to run, when hit. */
  savedMs: number;
  failures: readonly Failure[];
}

/** Ends a node well. */
export function complete(
  node: RunNode,
  end: {
    readonly key: ResolvedKey;
    readonly output: Output;
    readonly result: "hit" | "built";
    readonly ms: number;
    readonly savedMs: number;
  },
): void {
  Object.assign(node, end);
  node.status = "done";
  for (const dependant of node.dependants) dependant.missing--;
}

/** Takes back what `nodes` came to; a running one goes on, but is no longer listened to. */
export function reopen(nodes: Iterable<RunNode>): void {
  const open = [...nodes].filter((node) => node.status !== "failed");
  for (const node of open) {
    node.generation++;
    if (node.status !== "running") node.status = "waiting";
    node.key = undefined;
    node.output = undefined;
    node.result = undefined;
  }
  for (const node of open) node.missing = node.inputs.filter((input) => input.status !== "done").length;
}

/** `nodes` and all that depend on them. */
export function withDependants(nodes: Iterable<RunNode>): ReadonlySet<RunNode> {
  const found = new Set(nodes);
  for (const node of found) for (const dependant of node.dependants) found.add(dependant);
  return found;
}

/** `node` and all it depends on. */
export function withInputs(node: RunNode): ReadonlySet<RunNode> {
  const found = new Set([node]);
  for (const each of found) for (const input of each.inputs) found.add(input);
  return found;
}
