import type { BuildEvent, LeafReading, StepRunner, Target } from "@imgbuild/graph";
import { type FakeGraph, type FakeNode, fakeGraph } from "./fake-graph.ts";
import { type FakeSteps, fakeSteps } from "./fake-steps.ts";
import { memoryKeyLocks } from "./memory-key-locks.ts";
import { type MemoryTraceStore, memoryTraceStore } from "./memory-trace-store.ts";

/** A fake graph over a fake world, with everything that planning and executing it takes. */
export interface FakeRun extends FakeGraph {
  readonly fake: FakeSteps;
  readonly traces: MemoryTraceStore;
  readonly events: BuildEvent[];
  /** What a plan is made from, the leaves measured now. `only` chooses targets; without it, all. */
  planInputs(only?: readonly string[]): {
    readonly graph: FakeGraph["graph"];
    readonly targets: readonly Target[];
    readonly leaves: LeafReading;
    readonly runners: ReadonlyMap<string, StepRunner>;
    readonly traces: MemoryTraceStore;
  };
  /** What an execution needs: four jobs, stops at failures, a clock that goes on by one with each look. */
  runSeams(): {
    readonly jobs: number;
    readonly keepGoing: boolean;
    readonly signal: AbortSignal;
    emit(event: BuildEvent): void;
    readonly traces: MemoryTraceStore;
    readonly locks: ReturnType<typeof memoryKeyLocks>;
    readonly runners: ReadonlyMap<string, StepRunner>;
    readonly leafReader: FakeSteps["reader"];
    now(): number;
  };
  /** Names of the nodes performed since the last call, in the order in which they started. */
  ran(): string[];
}

/** Makes one. Every leaf of `nodes` is a file; `targets` gives the node of each label. */
export function fakeRun(nodes: readonly FakeNode[], targets: Readonly<Record<string, string>>): FakeRun {
  const made = fakeGraph(nodes, targets);
  const fake = fakeSteps(1);
  const traces = memoryTraceStore();
  const events: BuildEvent[] = [];
  const names = new Map(nodes.map(({ name }) => [made.id(name), name]));
  for (const { kind, name } of nodes) if (kind === "fake-leaf") fake.world.set(name, `content of ${name}`);
  const leaves = [...made.graph.derivations.values()].filter(({ kind }) => kind === "fake-leaf");
  let clock = 0;
  return {
    ...made,
    fake,
    traces,
    events,
    planInputs: (only) => ({
      graph: made.graph,
      targets: made.graph.targets.filter(({ label }) => only?.includes(label) ?? true),
      leaves: fake.reader.read(leaves),
      runners: fake.runners,
      traces,
    }),
    runSeams: () => ({
      jobs: 4,
      keepGoing: false,
      signal: new AbortController().signal,
      emit: (event) => void events.push(event),
      traces,
      locks: memoryKeyLocks(),
      runners: fake.runners,
      leafReader: fake.reader,
      now: () => clock++,
    }),
    ran: () => fake.started.splice(0).map((id) => names.get(id) ?? id),
  };
}

/** A leaf node. */
export function leaf(name: string): FakeNode {
  return { kind: "fake-leaf", name };
}

/** A cached node. */
export function step(
  name: string,
  inputs: readonly string[],
  more: { readonly coarse?: boolean; readonly recipe?: string } = {},
): FakeNode {
  return { kind: "fake-step", name, inputs, ...more };
}
