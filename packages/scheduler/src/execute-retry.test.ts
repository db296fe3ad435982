import { ImgbuildError } from "@imgbuild/errors";
import type { DerivationId, Step } from "@imgbuild/graph";
import { type FakeNode, type FakeRun, fakeRun, leaf, recompute, step } from "@imgbuild/testkit";
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

describe("an input that changes while it is read", () => {
  test("is measured again, and the step tried again under its new key", async () => {
    const { build, fake, id, graph, traces } = twoOnOne();
    const keys: string[] = [];
    fake.onRun = (current) => {
      if (current.derivation.id !== id("layer-a")) return;
      keys.push(current.key);
      if (keys.length > 1) return;
      fake.world.set("y", "new");
      throw new ImgbuildError("input-changed", "Cannot read y");
    };
    const result = await build();
    expect(result.targets.get("//a")).toMatchObject({ output: { digest: recompute(graph, id("a"), fake.world) } });
    expect(keys).toHaveLength(2);
    expect(traces.keys()).not.toContain(keys[0]);
    expect(traces.keys()).toContain(keys[1]);
    expect(result.leaves.get(id("y"))).toEqual(fake.reader.read([...graph.derivations.values()]).leaves.get(id("y")));
  });

  test("brings everything that reads it to its new state, also what was under way or done", async () => {
    const nodes = [leaf("x"), step("done", ["x"]), step("racer", ["x", "done"]), step("other", ["x", "done"])];
    const { build, fake, id, graph } = rig(nodes, { "//done": "done", "//racer": "racer", "//other": "other" });
    let raced = false;
    fake.onRun = async (current) => {
      if (current.derivation.id !== id("racer") || raced) return;
      raced = true;
      await new Promise(setImmediate);
      fake.world.set("x", "new");
      throw new ImgbuildError("input-changed", "Cannot read x");
    };
    const result = await build();
    for (const name of ["done", "racer", "other"]) {
      expect(result.targets.get(`//${name}`)).toMatchObject({
        output: { digest: recompute(graph, id(name), fake.world) },
      });
    }
    expect((await build()).built).toBe(0);
  });

  test("fails the step when it changes a fourth time", async () => {
    const { build, fake, id, ran, traces } = twoOnOne();
    fake.onRun = failing(id("base"), "input-changed");
    const result = await build({ only: ["//base"] });
    expect(ran()).toEqual(["base", "base", "base", "base"]);
    expect(errorOf(result, "//base").code).toBe("input-changed");
    expect(traces.keys()).toEqual([]);
  });

  test("fails with what is wrong now when it has gone", async () => {
    const { build, fake, id } = twoOnOne();
    fake.onRun = (current) => {
      fake.world.delete("x");
      failing(id("base"), "input-changed")(current);
    };
    expect(errorOf(await build({ only: ["//base"] }), "//base").message).toBe('Cannot read "x": no such file');
  });

  describe("while another step reads it", () => {
    /** `//other` looks at the leaf at once, waits until the race of `//racer` is over, and then does `afterwards`. */
    const race = (afterwards: (current: Step, seen: string) => string) => {
      const made = rig([leaf("x"), step("racer", ["x"]), step("other", ["x"])], {
        "//racer": "racer",
        "//other": "other",
      });
      const { fake, id } = made;
      const keys: Step["key"][] = [];
      let raced = false;
      let retried = (): void => {};
      const again = new Promise<void>((resolve) => {
        retried = resolve;
      });
      const run = async (current: Step) => {
        const seen = current.leaf(id("x")).digest;
        if (current.derivation.id === id("other")) {
          keys.push(current.key);
          await again;
          return { digest: afterwards(current, seen), data: null };
        }
        if (raced) retried();
        else {
          raced = true;
          await new Promise(setImmediate);
          fake.world.set("x", "new");
          throw new ImgbuildError("input-changed", "Cannot read x");
        }
        return { digest: seen, data: null };
      };
      const runners = new Map([
        ...fake.runners,
        ["fake-step", { kind: "fake-step", mode: "cached", version: 1, run } as const],
      ]);
      return { ...made, keys, build: () => made.build({ runners }) };
    };

    test("does not get what that one made of the old state", async () => {
      const { build, keys, traces, planInputs, id } = race((_, seen) => seen);
      const result = await build();
      const now = planInputs().leaves.leaves.get(id("x"))?.digest;
      expect(result.targets.get("//other")).toMatchObject({ output: { digest: now } });
      expect(keys).toHaveLength(2);
      expect(traces.keys()).not.toContain(keys[0]);
    });

    test("is no longer shown to it", async () => {
      const answers: string[] = [];
      const { build, id } = race((current) => {
        try {
          answers.push(current.leaf(id("x")).digest);
        } catch (error) {
          answers.push((error as ImgbuildError).code);
          throw error;
        }
        return "seen";
      });
      expect((await build()).targets.get("//other")).toMatchObject({ status: "done" });
      expect(answers[0]).toBe("input-changed");
      expect(answers).toHaveLength(2);
    });
  });
});
