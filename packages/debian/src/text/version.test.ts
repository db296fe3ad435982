import { spawnSync } from "node:child_process";
import { describeWithTools } from "@imgbuild/testkit";
import fc from "fast-check";
import { compareVersions, isVersion, parseVersion, satisfies } from "./version.ts";

const version = fc
  .tuple(
    fc.option(fc.nat(3), { nil: undefined }),
    fc.string({ unit: fc.constantFrom(..."0019aAzZ.+~-"), maxLength: 8 }),
    fc.option(fc.string({ unit: fc.constantFrom(..."019aB.+~"), minLength: 1, maxLength: 4 }), { nil: undefined }),
  )
  .map(([epoch, upstream, revision]) => {
    const start = epoch === undefined ? "" : `${epoch}:`;
    return `${start}1${upstream.replace(/-+$/, "")}${revision === undefined ? "" : `-${revision}`}`;
  });

describe("the order of versions", () => {
  test.each([
    ["1.0", "1.0", 0],
    ["1.0", "1.0-0", 0],
    ["0:1.0", "1.0", 0],
    ["1.0~rc1", "1.0", -1],
    ["1.0~~", "1.0~", -1],
    ["1.0~", "1.0", -1],
    ["1.0a", "1.0+", -1],
    ["1.0", "1.0a", -1],
    ["1.10", "1.9", 1],
    ["1.010", "1.10", 0],
    ["1:0.1", "999", 1],
    ["1.2-3-4", "1.2-3-10", -1],
    ["99999999999999999999999999999999999999998", "99999999999999999999999999999999999999999", -1],
    ["2.36-9+deb12u14", "2.36-9+deb12u9", 1],
  ])("%s against %s is %d", (a, b, order) => {
    expect(Math.sign(compareVersions(a, b))).toBe(order);
    expect(Math.sign(compareVersions(b, a))).toBe(order === 0 ? 0 : -order);
  });

  test("is total: turned around it is the opposite, and it is transitive, for any text", () => {
    const text = fc.oneof(version, fc.string());
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)));
        expect(compareVersions(a, a)).toBe(0);
        const sorted = [a, b, c].sort(compareVersions);
        expect(compareVersions(sorted[0] ?? "", sorted[2] ?? "")).toBeLessThanOrEqual(0);
      }),
    );
  });

  test.each([
    ["1.0", "<<", "1.1", true],
    ["1.0", "<<", "1.0", false],
    ["1.0", "<=", "1.0", true],
    ["1.0-0", "=", "1.0", true],
    ["1.0", ">=", "1.0~rc1", true],
    ["1.0", ">>", "1.0", false],
  ] as const)("%s %s %s is %s", (a, operator, b, expected) => {
    expect(satisfies(a, operator, b)).toBe(expected);
  });
});

describe("what a version is", () => {
  test.each(["1", "1:2.3-4", "2.0~rc1-1+b2", "5:7.0.15-1~deb12u1"])("%s is one", (text) => {
    expect(parseVersion(text, "x")).toBe(text);
  });

  test.each(["", "1.0 ", "1.0\n", "a:1", "1.0-", ":1", "1:", "1/2", "1_2", "../1"])("%j is none", (text) => {
    expect(isVersion(text)).toBe(false);
    expect(() => parseVersion(text, 'package "x"')).toThrow('of package "x"');
  });
});

describeWithTools(["dpkg"], "dpkg as judge of versions", () => {
  test("it orders random versions as we do", () => {
    const pairs = fc.sample(fc.tuple(version, version), { numRuns: 400, seed: 7 });
    const script = pairs
      .map(
        ([a, b]) =>
          `dpkg --compare-versions '${a}' lt '${b}' && echo -1 || { dpkg --compare-versions '${a}' eq '${b}' && echo 0 || echo 1; }`,
      )
      .join("\n");
    const run = spawnSync("sh", ["-c", script], { encoding: "utf8" });
    expect(run.stderr).toBe("");
    const judged = run.stdout.trim().split("\n").map(Number);
    expect(pairs.map(([a, b], index) => `${a} ${judged[index]} ${b}`)).toEqual(
      pairs.map(([a, b]) => `${a} ${Math.sign(compareVersions(a, b))} ${b}`),
    );
  });
});
