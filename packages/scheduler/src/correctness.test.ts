import type { DerivationId, Graph, ResolvedKey, TraceStore } from "@imgbuild/graph";
import {
  type FakeNode,
  type FakeSteps,
  fakeGraph,
  fakeSteps,
  memoryKeyLocks,
  memoryTraceStore,
  recompute,
  seededRandom,
} from "@imgbuild/testkit";
import fc from "fast-check";
import { execute } from "./execute.ts";
import { plan } from "./plan.ts";
import type { RunResult } from "./run-result.ts";

/** A way to build: files, graph and traces in, outputs out. */
type Builder = (graph: Graph, fake: FakeSteps, options: { traces: TraceStore; jobs: number }) => Promise<RunResult>;

const ours: Builder = async (graph, fake, { traces, jobs }) => {
  const leaves = fake.reader.read([...graph.derivations.values()].filter(({ kind }) => fake.reader.kinds.has(kind)));
  const planned = plan({ graph, targets: graph.targets, leaves, runners: fake.runners, traces });
  return execute(planned, {
    jobs,
    keepGoing: false,
    signal: new AbortController().signal,
    emit: () => {},
    traces,
    locks: memoryKeyLocks(),
    runners: fake.runners,
    leafReader: fake.reader,
    now: () => 0,
  });
};

/** Wrong on purpose: believes the first leaves that it was shown, as a tool does that trusts a stale snapshot. */
function staleBuilder(): Builder {
  let first: ReturnType<FakeSteps["reader"]["read"]> | undefined;
  return (graph, fake, options) => {
    const reader = {
      kinds: fake.reader.kinds,
      read: (leaves: Parameters<FakeSteps["reader"]["read"]>[0]) => {
        first ??= fake.reader.read(leaves);
        return first;
      },
    };
    return ours(graph, { ...fake, reader }, options);
  };
}

/** Wrong on purpose: runs everything each time. Its outputs are right, its work is not. */
const busy: Builder = (graph, fake, { jobs }) => ours(graph, fake, { traces: memoryTraceStore(), jobs });

interface Case {
  readonly nodes: readonly FakeNode[];
  readonly targets: Readonly<Record<string, string>>;
  readonly leaves: number;
  readonly seed: number;
  readonly changed: number;
}

/** Random layered graphs: leaves, then nodes whose inputs are drawn from what is before them. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    leaves: fc.integer({ min: 1, max: 5 }),
    rest: fc.array(
      fc.record({
        step: fc.boolean(),
        coarse: fc.boolean(),
        inputs: fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 }),
        target: fc.boolean(),
      }),
      { minLength: 1, maxLength: 14 },
    ),
    seed: fc.nat(),
    changed: fc.nat(),
  })
  .map(({ leaves, rest, seed, changed }) => {
    const nodes: FakeNode[] = Array.from({ length: leaves }, (_, i) => ({ kind: "fake-leaf", name: `leaf${i}` }));
    const targets: Record<string, string> = {};
    rest.forEach((node, i) => {
      const inputs = node.inputs.map((input) => nodes[input % nodes.length]?.name ?? "leaf0");
      const last = i === rest.length - 1;
      const step = node.step || node.target || last;
      nodes.push(
        step
          ? { kind: "fake-step", name: `node${i}`, inputs, coarse: node.coarse }
          : { kind: "fake-inline", name: `node${i}`, inputs },
      );
      if (node.target || last) targets[`//t${i}`] = `node${i}`;
    });
    return { nodes, targets, leaves, seed, changed };
  });

/** Every target is what it comes to when computed from nothing. */
function outputsAreRight(graph: Graph, fake: FakeSteps, result: RunResult): boolean {
  return graph.targets.every(({ label, derivation }) => {
    const outcome = result.targets.get(label);
    return outcome?.status === "done" && outcome.output.digest === recompute(graph, derivation, fake.world);
  });
}

/**
 * The predicate: outputs equal their recomputation in four states (first, again, one leaf changed, changed back); the
 * second and the fourth build do nothing; the third runs no step twice, and none whose key was known.
 */
async function correctBuild(builder: Builder, { nodes, targets, leaves, seed, changed }: Case, jobs: number) {
  const { graph } = fakeGraph(nodes, targets);
  const fake = fakeSteps(seed);
  const runs: ResolvedKey[] = [];
  fake.onRun = (step) => void runs.push(step.key);
  for (let i = 0; i < leaves; i++) fake.world.set(`leaf${i}`, "a");
  const traces = memoryTraceStore();
  const build = async (): Promise<{ right: boolean; ran: number; hits: number }> => {
    const before = runs.length;
    const known = new Set(traces.keys());
    const result = await builder(graph, fake, { traces, jobs });
    const fresh = runs.slice(before);
    const economical = new Set(fresh).size === fresh.length && fresh.every((key) => !known.has(key));
    const right = outputsAreRight(graph, fake, result) && economical && fake.peak() <= jobs;
    return { right, ran: fresh.length, hits: result.hits };
  };

  const first = await build();
  const again = await build();
  fake.world.set(`leaf${changed % leaves}`, "b");
  const edited = await build();
  fake.world.set(`leaf${changed % leaves}`, "a");
  const back = await build();
  return (
    [first, again, edited, back].every(({ right }) => right) &&
    first.ran > 0 &&
    again.ran === 0 &&
    back.ran === 0 &&
    edited.ran <= stepsAbove(graph, `leaf${changed % leaves}`)
  );
}

function stepsAbove(graph: Graph, path: string): number {
  const above = new Set<DerivationId>();
  for (const { id, args, inputs } of graph.derivations.values()) {
    const isLeaf = (args as { path?: string }).path === path;
    if (isLeaf || inputs.some((input) => above.has(input))) above.add(id);
  }
  return [...above].filter((id) => graph.derivations.get(id)?.kind === "fake-step").length;
}

describe("the scheduler builds correctly", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("with %d jobs, whatever the graph and the order in which steps end", (jobs) =>
    fc.assert(
      fc.asyncProperty(cases, (made) => correctBuild(ours, made, jobs)),
      { numRuns: 40 },
    ),
  );
});

test("a build during which files change is of one state, and leaves no wrong trace behind", () =>
  fc.assert(
    fc.asyncProperty(cases, fc.integer({ min: 1, max: 8 }), async ({ nodes, targets, leaves, seed, changed }, jobs) => {
      const { graph } = fakeGraph(nodes, targets);
      const fake = fakeSteps(seed);
      const random = seededRandom(changed);
      for (let i = 0; i < leaves; i++) fake.world.set(`leaf${i}`, "a");
      let edits = 3;
      fake.onRun = () => {
        if (random() < 0.5 && edits-- > 0) fake.world.set(`leaf${Math.floor(random() * leaves)}`, `edit ${edits}`);
      };
      const traces = memoryTraceStore();
      const raced = await ours(graph, fake, { traces, jobs });
      const seen = fake.reader.read([...graph.derivations.values()].filter(({ kind }) => kind === "fake-leaf"));
      const sameState = [...seen.leaves].every(([id, leaf]) => raced.leaves.get(id)?.digest === leaf.digest);
      // An edit after the last reader of a file is seen by the next build only.
      if (sameState) expect(outputsAreRight(graph, fake, raced)).toBe(true);
      expect([...raced.targets.values()].every(({ status }) => status === "done")).toBe(true);
      edits = 0;
      expect(outputsAreRight(graph, fake, await ours(graph, fake, { traces, jobs }))).toBe(true);
    }),
    { numRuns: 200 },
  ));

describe("the predicate tells wrong builders", () => {
  const fails = async (make: () => Builder): Promise<boolean> => {
    const details = await fc.check(
      fc.asyncProperty(cases, (made) => correctBuild(make(), made, 4)),
      { numRuns: 100, seed: 1, endOnFailure: true },
    );
    return details.failed;
  };

  test("one that trusts stale leaves", async () => {
    expect(await fails(staleBuilder)).toBe(true);
  });

  test("one that always builds", async () => {
    expect(await fails(() => busy)).toBe(true);
  });
});
