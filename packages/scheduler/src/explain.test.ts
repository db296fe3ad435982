import type { DerivationId, JsonValue, TreeChange } from "@imgbuild/graph";
import { fakeRun, leaf, step } from "@imgbuild/testkit";
import { changedAttributes } from "./changed-attributes.ts";
import { explainMiss, type MissExplanation } from "./explain.ts";
import { hashInputs } from "./hash-inputs.ts";
import { type TargetRecord, targetRecord } from "./target-record.ts";

const base: TargetRecord = {
  inputHash: "h1",
  recipe: "r1",
  args: { config: { Env: ["A=1"], Cmd: ["x"] }, os: "linux" },
  leaves: [{ path: "src", recipe: "l1", digest: "d1" }],
};
const edited: TargetRecord = { ...base, inputHash: "h2", leaves: [{ path: "src", recipe: "l1", digest: "d2" }] };
const why = (before: TargetRecord | undefined, after: TargetRecord, changes: TreeChange[] = []): MissExplanation =>
  explainMiss(before, after, { changedPaths: () => changes });
const changed = (...paths: string[]): TreeChange[] => paths.map((path) => ({ path, change: "changed" }));
const redefined = (args: JsonValue): TargetRecord => ({ ...base, recipe: "r2", args });

describe("a miss is explained", () => {
  test.each<[string, TargetRecord | undefined, TargetRecord, TreeChange[], string, string]>([
    ["the first build", undefined, base, [], "never-built", "never built here"],
    ["a lost trace", base, base, [], "evicted", "built before, but no longer in the cache"],
    ["one file", base, edited, changed("src/a.ts"), "files-changed", "1 file changed (src/a.ts)"],
    [
      "two files",
      base,
      edited,
      changed("src/b.ts", "src/a.ts"),
      "files-changed",
      "2 files changed (src/a.ts, +1 more)",
    ],
    ["a new file", base, edited, [{ path: "src/n", change: "added" }], "files-changed", "1 file added (src/n)"],
    [
      "several kinds of change",
      base,
      edited,
      [...changed("src/a"), { path: "src/b", change: "removed" }, { path: "src/c", change: "added" }],
      "files-changed",
      "1 file changed, 1 added, 1 removed (src/a, +2 more)",
    ],
    ["a tree that is forgotten", base, edited, [], "files-changed", "1 file changed (src)"],
    [
      "an attribute",
      base,
      redefined({ config: { Env: ["A=2"], Cmd: ["x"] }, os: "linux" }),
      [],
      "definition-changed",
      "definition changed (config.Env)",
    ],
    [
      "several attributes",
      base,
      redefined({ config: { Cmd: ["y"] }, os: "linux" }),
      [],
      "definition-changed",
      "definition changed (config.Cmd, +1 more)",
    ],
    [
      "a definition that reads more",
      base,
      { ...base, recipe: "r2", leaves: [...base.leaves, { path: "etc", recipe: "l2", digest: "d" }] },
      [],
      "definition-changed",
      "definition changed (now reads etc)",
    ],
    [
      "a definition that reads less",
      base,
      { ...base, recipe: "r2", leaves: [] },
      [],
      "definition-changed",
      "definition changed (no longer reads src)",
    ],
    [
      "something deep in the definition",
      base,
      { ...base, recipe: "r2" },
      [],
      "definition-changed",
      "definition changed (its inputs)",
    ],
    [
      "another source, which the history tells as well",
      { ...base, args: { history: ["src"] } },
      { ...base, recipe: "r2", args: { history: ["lib"] }, leaves: [{ path: "lib", recipe: "l3", digest: "d" }] },
      [],
      "definition-changed",
      "definition changed (now reads lib, +1 more)",
    ],
    [
      "another selection of one source",
      base,
      { ...base, recipe: "r2", leaves: [{ path: "src", recipe: "l3", digest: "d" }] },
      [],
      "definition-changed",
      "definition changed (now reads src)",
    ],
    [
      "definition and files",
      base,
      { ...edited, recipe: "r2", args: { ...(base.args as object), os: "other" } },
      changed("src/a"),
      "definition-changed",
      "definition changed (os); 1 file changed (src/a)",
    ],
    [
      "another version",
      base,
      { ...base, inputHash: "h9" },
      [],
      "definition-changed",
      "last built by another version of imgbuild",
    ],
    ["a file with a line break in its name", base, edited, changed("a\nb"), "files-changed", "1 file changed (a b)"],
  ])("%s", (_, before, after, changes, reason, message) => {
    expect(why(before, after, changes)).toMatchObject({ reason, message });
  });

  test("with every path, for programs", () => {
    expect(why(base, edited, changed("b", "a", "c")).paths).toEqual(["a", "b", "c"]);
  });

  test("by what was asked for, when that is the cause", () => {
    const changedPaths = (): TreeChange[] => [];
    expect(explainMiss(base, base, { changedPaths, forced: true }).reason).toBe("forced");
    expect(explainMiss(base, base, { changedPaths, noCache: true }).reason).toBe("no-cache");
  });

  test("leaf by leaf: only those that differ are looked into", () => {
    const asked: string[] = [];
    const other = { path: "lib", recipe: "l2", digest: "same" };
    const before = { ...base, leaves: [...base.leaves, other] };
    const after = { ...edited, leaves: [...edited.leaves, other] };
    explainMiss(before, after, {
      changedPaths(old, now) {
        asked.push(`${old.path} ${old.digest} ${now.digest}`);
        return [];
      },
    });
    expect(asked).toEqual(["src d1 d2"]);
  });
});

test("changed attributes of odd values", () => {
  expect(changedAttributes(null, { a: 1 })).toEqual([]);
  expect(changedAttributes({ a: { b: 1 } }, { a: 1 })).toEqual(["a"]);
  expect(changedAttributes({ a: { b: { c: 1 } } }, { a: { b: { c: 2 } } })).toEqual(["a.b.c"]);
  expect(changedAttributes({}, { toString: 1 })).toEqual(["toString"]);
});

test("a record holds the recipe, its arguments and the leaves below", () => {
  const run = fakeRun([leaf("x"), leaf("other"), step("s", ["x"])], { "//s": "s" });
  const { leaves } = run.planInputs();
  const target = run.target("//s");
  const inputHash = hashInputs(run.graph, [target.derivation], leaves).get(target.derivation);
  if (inputHash === undefined) throw new Error("no hash");
  const record = targetRecord(run.graph, target, { inputHash, leaves: leaves.leaves });
  const id: DerivationId = run.id("x");
  expect(record).toEqual({
    inputHash,
    recipe: run.id("s"),
    args: { recipe: "s", coarse: false },
    leaves: [{ path: "x", recipe: id, digest: leaves.leaves.get(id)?.digest }],
  });
});
