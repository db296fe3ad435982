import { ImgbuildError } from "@imgbuild/errors";
import type { DerivationId, Step } from "@imgbuild/graph";
import { type FakeNode, type FakeRun, fakeRun, leaf, memoryKeyLocks, recompute, step } from "@imgbuild/testkit";
import { execute } from "./execute.ts";
import type { ExecuteOptions } from "./execute-options.ts";
import { type PlanOptions, plan } from "./plan.ts";
import type { RunResult } from "./run-result.ts";

interface Rig extends FakeRun {
  build(options?: Partial<ExecuteOptions & PlanOptions> & { only?: string[] }): Promise<RunResult>;
}

function rig(nodes: readonly FakeNode[], targets: Record<string, string>): Rig {
  const made = fakeRun(nodes, targets);
  return {
    ...made,
    build: ({ only, ...options } = {}) =>
      execute(plan({ ...made.planInputs(only), ...options }), { ...made.runSeams(), ...options }),
  };
}

const statuses = (result: RunResult): Record<string, string> =>
  Object.fromEntries([...result.targets].map(([label, { status }]) => [label, status]));
const failing =
  (id: DerivationId, code: "script-failed" | "input-changed" = "script-failed") =>
  (current: Step): void => {
    if (current.derivation.id === id) throw new ImgbuildError(code, `Cannot do "${code}": it is broken`);
  };

/** Two targets on one base: `//a` and `//b` each have a layer of their own. */
const twoOnOne = (): Rig =>
  rig(
    [
      leaf("x"),
      leaf("y"),
      leaf("z"),
      step("base", ["x"]),
      step("layer-a", ["y"]),
      step("a", ["base", "layer-a"]),
      step("layer-b", ["z"]),
      step("b", ["base", "layer-b"]),
    ],
    { "//a": "a", "//b": "b", "//base": "base" },
  );

describe("execute", () => {
  test("builds what is missing, and says so of each target", async () => {
    const { build, ran, id, graph, fake } = twoOnOne();
    const result = await build();
    expect(result.targets.get("//a")).toMatchObject({
      status: "done",
      result: "built",
      output: { digest: recompute(graph, id("a"), fake.world) },
    });
    expect(ran().sort()).toEqual(["a", "b", "base", "layer-a", "layer-b"]);
    expect(result).toMatchObject({ built: 5, hits: 0, failed: 0, savedMs: 0 });
  });

  test("does nothing the second time, and adds up what that saved", async () => {
    const { build, ran, traces } = twoOnOne();
    await build();
    ran();
    const result = await build();
    expect(ran()).toEqual([]);
    expect([...result.targets.values()]).toEqual(Array(3).fill(expect.objectContaining({ result: "hit" })));
    const recorded = traces.keys().map((key) => traces.find(key)?.durationMs ?? 0);
    expect(result.savedMs).toBe(recorded.reduce((a, b) => a + b));
    expect(result.savedMs).toBeGreaterThan(0);
  });

  test("builds only what the requested targets need", async () => {
    const { build, ran } = twoOnOne();
    const result = await build({ only: ["//b"] });
    expect(ran().sort()).toEqual(["b", "base", "layer-b"]);
    expect([...result.targets.keys()]).toEqual(["//b"]);
  });

  test("stops where an output came out as it was", async () => {
    const { build, ran, fake } = rig([leaf("x"), step("coarse", ["x"], { coarse: true }), step("top", ["coarse"])], {
      "//t": "top",
    });
    await build();
    let before = fake.world.get("x");
    // A coarse step has two outputs: some edit keeps the one it has.
    for (let i = 0, cut = false; !cut; i++) {
      ran();
      before = `edit ${i}`;
      fake.world.set("x", before);
      const result = await build();
      cut = ran().join() === "coarse";
      if (cut) expect(result.targets.get("//t")).toMatchObject({ result: "hit" });
    }
  });

  test("does equal work once", async () => {
    const same = { recipe: "same" };
    const { build, ran, events } = rig(
      [
        leaf("x"),
        step("one", ["x"], { coarse: true, recipe: "c" }),
        step("p", ["one"], same),
        { kind: "fake-inline", name: "q", inputs: ["p"] },
        step("u", ["q"]),
        step("v", ["q"]),
      ],
      { "//u": "u", "//v": "v", "//p": "p" },
    );
    await build();
    expect(ran().sort()).toEqual(["one", "p", "u", "v"]);
    expect(events.filter(({ type }) => type === "step.start")).toHaveLength(4);
  });

  test.each([false, true])("runs one of two steps that turn out to have one key (noCache: %p)", async (noCache) => {
    const nodes = [leaf("x"), step("l", ["x"]), step("m", ["x"]), step("p", ["l"]), step("q", ["m"])];
    const { fake, graph, traces } = rig(nodes, { "//p": "p", "//q": "q" });
    // `l` and `m` give one output, and the steps above them have one recipe.
    const runner = fake.runners.get("fake-step");
    if (runner === undefined) throw new Error("no runner");
    const alike = [...graph.derivations].map(([id, derivation]) => {
      const args =
        derivation.kind === "fake-step" && derivation.inputs.some(isStep) ? { recipe: "same" } : derivation.args;
      return [id, { ...derivation, args }] as const;
    });
    function isStep(id: DerivationId): boolean {
      return graph.derivations.get(id)?.kind === "fake-step";
    }
    const merged = { ...graph, derivations: new Map(alike) };
    const equal = { ...runner, run: async () => ({ digest: "equal", data: null }) };
    const runners = new Map([...fake.runners, ["fake-step", equal] as const]);
    const leaves = fake.reader.read([...graph.derivations.values()].filter(({ kind }) => kind === "fake-leaf"));
    const planned = plan({ graph: merged, targets: graph.targets, leaves, runners, traces, noCache });
    const result = await execute(planned, {
      jobs: 4,
      keepGoing: false,
      signal: new AbortController().signal,
      emit: () => {},
      traces,
      locks: memoryKeyLocks(),
      runners,
      leafReader: fake.reader,
      now: () => 0,
    });
    expect(result).toMatchObject({ built: 3, hits: 1 });
    expect(statuses(result)).toEqual({ "//p": "done", "//q": "done" });
  });

  test("starts with the longest way that is left, by what steps took before", async () => {
    const { build, ran, id } = rig([leaf("x"), step("s", ["x"]), step("m", ["x"]), step("l", ["x"])], {
      "//s": "s",
      "//m": "m",
      "//l": "l",
    });
    const took = new Map([
      [id("s"), 10],
      [id("m"), 500],
      [id("l"), 9000],
    ]);
    await build({ jobs: 1, recordedMs: (each) => took.get(each) });
    expect(ran()).toEqual(["l", "m", "s"]);
  });

  test("names the chain of steps that bounded the run", async () => {
    const { build } = rig([leaf("x"), step("bottom", ["x"]), step("top", ["bottom"])], { "//t": "top" });
    const result = await build();
    expect(result.criticalPath.map(({ label, kind }) => [label, kind])).toEqual([
      ["//t", "fake-step"],
      ["//t", "fake-step"],
    ]);
    expect((await build()).criticalPath).toEqual([]);
  });
});

describe("forcing", () => {
  test("runs the target's own steps again, and nobody else's", async () => {
    const { build, ran } = twoOnOne();
    await build();
    ran();
    const result = await build({ force: new Set(["//a"]) });
    expect(ran().sort()).toEqual(["a", "layer-a"]);
    expect(result.targets.get("//a")).toMatchObject({ result: "built" });
    expect(result.targets.get("//b")).toMatchObject({ result: "hit" });
  });

  test("replaces the trace, and those that build on it see the new output", async () => {
    const { build, ran, fake, traces } = twoOnOne();
    await build({ only: ["//base", "//a"] });
    ran();
    const runner = fake.runners.get("fake-step");
    if (runner === undefined) throw new Error("no runner");
    const other = { ...runner, run: async (current: Step) => ({ ...(await runner.run(current)), digest: "other" }) };
    const runners = new Map([...fake.runners, ["fake-step", other] as const]);
    const before = traces.keys();
    await build({ only: ["//base"], force: new Set(["//base"]), runners });
    expect(ran()).toEqual(["base"]);
    expect(traces.keys()).toEqual(before);
    expect(traces.keys().map((key) => traces.find(key)?.output.digest)).toContain("other");
    await build({ only: ["//a"] });
    expect(ran()).toEqual(["a"]);
  });

  test("without cache neither reads nor writes traces", async () => {
    const { build, ran, traces } = twoOnOne();
    await build({ noCache: true });
    expect(traces.keys()).toEqual([]);
    await build();
    ran();
    await build({ noCache: true });
    expect(ran()).toHaveLength(5);
  });
});

describe("two processes", () => {
  test("build one step once: the second waits, and finds it done", async () => {
    const { build, ran, events } = twoOnOne();
    const locks = memoryKeyLocks(new Map(), "process 42");
    const [first, second] = await Promise.all([build({ locks, only: ["//base"] }), build({ locks, only: ["//base"] })]);
    expect(ran()).toEqual(["base"]);
    expect([first.built, second.built].sort()).toEqual([0, 1]);
    expect(events).toContainEqual({ type: "lock.wait", label: "//base", holder: "process 42" });
  });
});

test("every step that starts ends once", async () => {
  const { build, fake, id, events } = twoOnOne();
  fake.onRun = failing(id("layer-b"));
  await build({ keepGoing: true });
  const ids = (type: "step.start" | "step.end"): string[] =>
    events.flatMap((event) => (event.type === type ? [event.id] : [])).sort();
  expect(ids("step.end")).toEqual(ids("step.start"));
  expect(ids("step.start")).toHaveLength(4);
});
