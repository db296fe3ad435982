import { ImgbuildError } from "@imgbuild/errors";
import type { DerivationId, InputHash } from "@imgbuild/graph";
import { type FakeRun, fakeRun, leaf, step } from "@imgbuild/testkit";
import { execute } from "./execute.ts";
import { hashInputs } from "./hash-inputs.ts";
import { type Plan, type PlanOptions, plan } from "./plan.ts";
import { reachable } from "./reachable.ts";

/** `//top` is built on `//base`; `//alone` on nothing. */
const sample = (): FakeRun =>
  fakeRun(
    [
      leaf("x"),
      leaf("y"),
      { kind: "fake-inline", name: "tree", inputs: ["x"] },
      step("layer", ["tree"]),
      step("base", ["layer"]),
      step("top", ["base"]),
      step("alone", ["y"]),
    ],
    { "//a-top": "top", "//base": "base", "//alone": "alone" },
  );
const states = ({ steps }: Plan): string[] => steps.map(({ label, state }) => `${label} ${state}`);
const planOf = (run: FakeRun, only?: string[], more: Partial<PlanOptions> = {}): Plan =>
  plan({ ...run.planInputs(only), ...more });
const build = (run: FakeRun) => execute(planOf(run), run.runSeams());

describe("a plan", () => {
  test("has the lowest missing steps to build, and those above them as maybe", () => {
    expect(states(planOf(sample()))).toEqual(["//base build", "//base maybe", "//a-top maybe", "//alone build"]);
  });

  test("is all hits after a build, and starts nothing by itself", async () => {
    const run = sample();
    await build(run);
    run.ran();
    expect(states(planOf(run))).toEqual(["//base hit", "//base hit", "//a-top hit", "//alone hit"]);
    expect(run.ran()).toEqual([]);
  });

  test("has only what the requested targets need, under their names", () => {
    const run = sample();
    expect(states(planOf(run, ["//alone"]))).toEqual(["//alone build"]);
    expect(states(planOf(run, ["//a-top"]))).toEqual(["//a-top build", "//a-top maybe", "//a-top maybe"]);
    expect(states(planOf(run, []))).toEqual([]);
  });

  test("follows a change upwards and nowhere else", async () => {
    const run = sample();
    await build(run);
    run.fake.world.set("x", "new");
    expect(states(planOf(run))).toEqual(["//base build", "//base maybe", "//a-top maybe", "//alone hit"]);
  });

  test("forces a target down to where another one begins", async () => {
    const run = sample();
    await build(run);
    expect(states(planOf(run, undefined, { force: new Set(["//a-top"]) }))).toEqual([
      "//base hit",
      "//base hit",
      "//a-top build",
      "//alone hit",
    ]);
    expect(states(planOf(run, undefined, { force: new Set(["//base"]) }))).toEqual([
      "//base build",
      "//base build",
      "//a-top maybe",
      "//alone hit",
    ]);
  });

  test("without cache builds everything", async () => {
    const run = sample();
    await build(run);
    expect(states(planOf(run, undefined, { noCache: true })).every((text) => text.endsWith("build"))).toBe(true);
  });

  test("fails the targets whose files cannot be read, all errors of one together", () => {
    const run = fakeRun([leaf("x"), leaf("y"), step("a", ["x", "y"]), step("b", ["a"])], { "//a": "a", "//b": "b" });
    run.fake.world.clear();
    const { failed, steps } = planOf(run);
    expect(steps).toEqual([]);
    expect(failed.get("//a")?.message).toBe('Cannot read "x": no such file');
    expect(failed.get("//a")?.position).toEqual({ file: "x.ts", line: 1, column: 1 });
    expect(failed.get("//a")?.related.map(({ message }) => message)).toEqual(['Cannot read "y": no such file']);
    expect(failed.get("//b")?.message).toBe('Cannot build "//b": "//a" failed');
  });

  test("adds recorded durations to the end of the run", () => {
    const run = sample();
    const took = new Map([
      [run.id("layer"), 5],
      [run.id("base"), 70],
      [run.id("top"), 300],
    ]);
    const { remainingMs } = planOf(run, undefined, { recordedMs: (id) => took.get(id) });
    expect(["x", "layer", "base", "top"].map((name) => remainingMs.get(run.id(name)))).toEqual([375, 375, 370, 300]);
  });

  test("cannot be made without a runner for a kind, or from a graph with a hole", () => {
    const run = sample();
    expect(() => planOf(run, undefined, { runners: new Map() })).toThrow(ImgbuildError);
    const derivations = new Map(run.graph.derivations);
    derivations.delete(run.id("layer"));
    expect(() => planOf(run, undefined, { graph: { ...run.graph, derivations } })).toThrow(run.id("layer"));
  });

  test("of a chain of 20,000 steps is no deeper for the stack", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => step(`s${i}`, [i === 0 ? "x" : `s${i - 1}`]));
    const run = fakeRun([leaf("x"), ...chain], { "//t": "s19999" });
    expect(planOf(run).steps).toHaveLength(20_000);
  });
});

describe("input hashes", () => {
  const hashesOf = (run: FakeRun): Map<DerivationId, InputHash> =>
    hashInputs(run.graph, run.graph.derivations.keys(), run.planInputs().leaves);

  test("change with the files below, and with nothing else", () => {
    const run = sample();
    const before = hashesOf(run);
    run.fake.world.set("x", "new");
    const after = hashesOf(run);
    const changed = ["x", "y", "tree", "layer", "base", "top", "alone"].filter(
      (name) => before.get(run.id(name)) !== after.get(run.id(name)),
    );
    expect(changed).toEqual(["x", "tree", "layer", "base", "top"]);
  });

  test("are absent above a file that cannot be read", () => {
    const run = sample();
    run.fake.world.delete("x");
    expect([...hashesOf(run).keys()]).toEqual([run.id("y"), run.id("alone")]);
  });

  test("are those of what was asked for and what it needs", () => {
    const run = sample();
    expect([...hashInputs(run.graph, [run.id("layer")], run.planInputs().leaves).keys()]).toEqual(
      ["x", "tree", "layer"].map(run.id),
    );
    expect([...reachable(run.graph, [run.id("layer")])]).toEqual(["x", "tree", "layer"].map(run.id));
  });
});
