import { ImgbuildError } from "@imgbuild/errors";
import type { DerivationId, Step } from "@imgbuild/graph";
import { type FakeNode, type FakeRun, fakeRun, leaf, step } from "@imgbuild/testkit";
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
const errorOf = (result: RunResult, label: string): ImgbuildError => {
  const outcome = result.targets.get(label);
  if (outcome?.status === "failed") return outcome.error;
  throw new Error(`${label} is ${outcome?.status}, not failed`);
};
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

describe("a failure", () => {
  test("stops the run, but what is done stays done", async () => {
    const { build, ran, fake, id } = twoOnOne();
    await build({ only: ["//base"] });
    ran();
    fake.onRun = failing(id("layer-a"));
    const result = await build({ jobs: 1 });
    expect(errorOf(result, "//a").message).toBe('Cannot do "script-failed": it is broken');
    expect(errorOf(result, "//a").position).toEqual({ file: "layer-a.ts", line: 1, column: 1 });
    expect(result.targets.get("//base")).toMatchObject({ status: "done", result: "hit" });
    expect(result.failed).toBe(1);
  });

  test("leaves the rest unstarted by default, and is survived with keepGoing", async () => {
    const first = twoOnOne();
    first.fake.onRun = failing(first.id("base"));
    const took = (id: DerivationId): number => (id === first.id("base") ? 9999 : 1);
    expect(statuses(await first.build({ jobs: 1, recordedMs: took }))).toMatchObject({ "//base": "failed" });
    expect(first.ran()).toEqual(["base"]);

    const second = rig([leaf("x"), leaf("y"), step("bad", ["x"]), step("good", ["y"])], {
      "//bad": "bad",
      "//good": "good",
    });
    second.fake.onRun = failing(second.id("bad"));
    const slow = (id: DerivationId): number => (id === second.id("bad") ? 9999 : 1);
    expect(statuses(await second.build({ jobs: 1, recordedMs: slow }))).toEqual({
      "//bad": "failed",
      "//good": "skipped",
    });
    expect(statuses(await second.build({ jobs: 1, recordedMs: slow, keepGoing: true }))).toEqual({
      "//bad": "failed",
      "//good": "done",
    });
  });

  test("is told in full for the target that owns it, by name for those that build on it", async () => {
    const { build, fake, id, events } = twoOnOne();
    fake.onRun = failing(id("base"));
    const result = await build({ keepGoing: true });
    expect(errorOf(result, "//base").message).toBe('Cannot do "script-failed": it is broken');
    expect(errorOf(result, "//a").message).toBe('Cannot build "//a": "//base" failed');
    expect(errorOf(result, "//b").code).toBe("script-failed");
    expect(events.flatMap((event) => (event.type === "target.failed" ? [event.label] : []))).toEqual([
      "//a",
      "//b",
      "//base",
    ]);
  });

  test("is told together with the others of the same target", async () => {
    const { build, fake, id } = rig([leaf("x"), step("l", ["x"]), step("m", ["x"]), step("t", ["l", "m"])], {
      "//t": "t",
    });
    const broken = [id("l"), id("m")];
    fake.onRun = (current) => {
      if (broken.includes(current.derivation.id)) {
        throw new ImgbuildError("script-failed", `Cannot run "${broken.indexOf(current.derivation.id)}"`);
      }
    };
    const error = errorOf(await build({ keepGoing: true }), "//t");
    expect([error, ...error.related].map(({ message }) => message).sort()).toEqual([
      'Cannot run "0"',
      'Cannot run "1"',
    ]);
  });

  test("of something that is no ImgbuildError is an internal one", async () => {
    const { build, fake, traces } = twoOnOne();
    fake.onRun = () => {
      throw new TypeError("undefined is not a function");
    };
    expect(errorOf(await build({ only: ["//base"] }), "//base").code).toBe("internal");
    expect(traces.keys()).toEqual([]);
  });

  test("of a leaf fails its targets alone when the run keeps going", async () => {
    const { build, fake, ran } = twoOnOne();
    fake.world.delete("y");
    const stopped = await build();
    expect(statuses(stopped)).toEqual({ "//a": "failed", "//b": "skipped", "//base": "skipped" });
    expect(ran()).toEqual([]);
    expect(errorOf(stopped, "//a").message).toBe('Cannot read "y": no such file');
    expect(statuses(await build({ keepGoing: true }))).toEqual({ "//a": "failed", "//b": "done", "//base": "done" });
  });
});

describe("cancelling", () => {
  test("starts nothing new, waits for what runs, and keeps what it finished", async () => {
    const { build, fake, ran, traces } = twoOnOne();
    const controller = new AbortController();
    fake.onRun = () => controller.abort();
    const result = await build({ jobs: 1, signal: controller.signal });
    expect(ran()).toHaveLength(1);
    expect(traces.keys()).toHaveLength(1);
    expect(Object.values(statuses(result))).toContain("cancelled");
    expect(result.failed).toBe(0);
  });

  test("makes a step that gives up cancelled, not failed", async () => {
    const { build, fake, events } = twoOnOne();
    const controller = new AbortController();
    fake.onRun = (current) => {
      controller.abort();
      current.signal.throwIfAborted();
    };
    const result = await build({ signal: controller.signal, only: ["//base"] });
    expect(statuses(result)).toEqual({ "//base": "cancelled" });
    expect(events.at(-1)).toMatchObject({ type: "step.end", result: "cancelled" });
  });

  test("before the start still tells what is a hit", async () => {
    const { build, fake } = twoOnOne();
    await build();
    fake.world.set("y", "new");
    expect(statuses(await build({ signal: AbortSignal.abort() }))).toEqual({
      "//a": "cancelled",
      "//b": "done",
      "//base": "done",
    });
  });
});
