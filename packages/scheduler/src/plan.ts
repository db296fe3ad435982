import { atPosition, ImgbuildError } from "@imgbuild/errors";
import type { Derivation, DerivationId, Graph, LeafReading, PlannedStep, Target, TraceStore } from "@imgbuild/graph";
import { remainingTimes } from "./critical-path.ts";
import { forcedSteps } from "./forced-steps.ts";
import { ownersOf } from "./owners.ts";
import { type PlanNode, unionOfFailures } from "./plan-node.ts";
import { derivationOf, reachable } from "./reachable.ts";
import { inlineOutput, keyOf, type Runners, runnerOf } from "./resolve-step.ts";
import { targetError } from "./target-error.ts";

/** What a plan is made from. */
export interface PlanOptions {
  readonly graph: Graph;
  /** What was asked for: targets of `graph`. */
  readonly targets: readonly Target[];
  /** Every leaf that the targets need, measured. */
  readonly leaves: LeafReading;
  readonly runners: Runners;
  readonly traces: TraceStore;
  /** Labels whose own steps run again though they are known. */
  readonly force?: ReadonlySet<string> | undefined;
  /** Neither read nor write traces. */
  readonly noCache?: boolean | undefined;
  /** How long a recipe took last time, in milliseconds; orders the run. */
  readonly recordedMs?: ((id: DerivationId) => number | undefined) | undefined;
}

/** What a run would do: plain immutable data. */
export interface Plan {
  readonly graph: Graph;
  readonly targets: readonly Target[];
  readonly leaves: LeafReading;
  /** Every needed derivation, inputs before their users. */
  readonly nodes: ReadonlyMap<DerivationId, PlanNode>;
  /** The cached steps among them, for people and for `plan.done`; failed ones are left out. */
  readonly steps: readonly PlannedStep[];
  /** Targets that cannot be built because a leaf cannot be read, by label. */
  readonly failed: ReadonlyMap<string, ImgbuildError>;
  /** Milliseconds from the start of each node to the end of the run, by recorded durations. */
  readonly remainingMs: ReadonlyMap<DerivationId, number>;
  readonly forced: ReadonlySet<DerivationId>;
  readonly noCache: boolean;
}

/** Decides what a run must do. Asks the trace store, changes nothing, starts nothing. */
export function plan(options: PlanOptions): Plan {
  const { graph, targets, leaves } = options;
  const forced = forcedSteps(graph, options.force ?? new Set());
  const owners = ownersOf(graph, targets);
  const nodes = new Map<DerivationId, PlanNode>();
  for (const id of reachable(graph, owners.keys())) {
    nodes.set(id, planNode(derivationOf(graph, id), { options, nodes, owners, forced }));
  }
  const failed = new Map<string, ImgbuildError>();
  for (const target of targets) {
    const error = targetError(target, nodes.get(target.derivation)?.failures ?? []);
    if (error !== undefined) failed.set(target.label, error);
  }
  const remainingMs = remainingTimes(nodes);
  const noCache = options.noCache ?? false;
  return { graph, targets, leaves, nodes, steps: plannedSteps(nodes), failed, remainingMs, forced, noCache };
}

interface Planning {
  readonly options: PlanOptions;
  readonly nodes: ReadonlyMap<DerivationId, PlanNode>;
  readonly owners: ReadonlyMap<DerivationId, string>;
  readonly forced: ReadonlySet<DerivationId>;
}

function planNode(derivation: Derivation, { options, nodes, owners, forced }: Planning): PlanNode {
  const { leaves, traces, noCache = false } = options;
  const runner = runnerOf(options.runners, derivation);
  const label = owners.get(derivation.id) ?? "";
  const recordedMs = options.recordedMs?.(derivation.id);
  const node = { derivation, mode: runner.mode, label, key: undefined, output: undefined, failures: [], recordedMs };

  const inputs = derivation.inputs.map((id) => nodeOf(nodes, id));
  const leafError = leaves.errors.get(derivation.id);
  const own = leafError === undefined ? [] : [{ label, error: atPosition(leafError, derivation.position) }];
  const failures = unionOfFailures([{ failures: own }, ...inputs]);
  if (failures.length > 0) return { ...node, state: "failed", failures };

  const mustRun = runner.mode === "cached" && (noCache || forced.has(derivation.id));
  const outputs = inputs.map((input) => input.output).filter((output) => output !== undefined);
  if (outputs.length < inputs.length) return { ...node, state: mustRun ? "build" : "maybe" };

  const key = keyOf(derivation, runner, { leaf: leaves.leaves.get(derivation.id), inputs: outputs });
  if (runner.mode === "inline") return { ...node, state: "hit", key, output: inlineOutput(key) };
  const trace = noCache ? undefined : traces.find(key);
  const lastMs = trace?.durationMs ?? recordedMs;
  if (mustRun || trace === undefined) return { ...node, state: "build", key, recordedMs: lastMs };
  return { ...node, state: "hit", key, output: trace.output, recordedMs: lastMs };
}

function nodeOf(nodes: ReadonlyMap<DerivationId, PlanNode>, id: DerivationId): PlanNode {
  const node = nodes.get(id);
  if (node !== undefined) return node;
  throw new ImgbuildError("internal", `Internal error: the graph lists "${id}" after a derivation that needs it`);
}

function plannedSteps(nodes: ReadonlyMap<DerivationId, PlanNode>): readonly PlannedStep[] {
  const steps: PlannedStep[] = [];
  for (const { derivation, mode, label, state } of nodes.values()) {
    if (mode === "cached" && state !== "failed") steps.push({ id: derivation.id, kind: derivation.kind, label, state });
  }
  return steps;
}
