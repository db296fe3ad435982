import fc from "fast-check";
import { popularity, splitByPopularity } from "./by-popularity.ts";
import { splitBySize } from "./by-size.ts";
import type { Group, Unit } from "./unit.ts";

/** Units by name with the names that each depends on; sizes rise with the order unless given. */
function unitsOf(edges: Readonly<Record<string, string>>, sizes: Readonly<Record<string, number>> = {}): Unit[] {
  const names = Object.keys(edges);
  return names.map((name, i) => {
    const dependsOn = [...(edges[name] ?? "")].map((other) => names.indexOf(other));
    return { name, size: sizes[name] ?? i + 1, dependsOn };
  });
}

const named = (units: readonly Unit[], groups: readonly Group[]) =>
  groups.map((group) => group.map((unit) => units[unit]?.name).join(""));

describe("the popularity contest", () => {
  const units = unitsOf({ A: "BG", B: "CE", C: "DE", D: "F", E: "F", F: "", G: "" });

  test("gives the figures of the worked example", () => {
    const scores = [...popularity(units)].map(([unit, score]) => `${units[unit]?.name}${score}`);
    expect(scores.sort().join(" ")).toBe("A1 B2 C3 D4 E5 F9 G2");
  });

  test("gives the most popular a layer each, and the others one together", () => {
    expect(named(units, splitByPopularity(units, 4))).toEqual(["F", "E", "D", "ABCG"]);
    expect(named(units, splitByPopularity(units, 1))).toEqual(["ABCDEFG"]);
    expect(named(units, splitByPopularity(units, 7))).toEqual(["F", "E", "D", "C", "B", "G", "A"]);
  });

  test("a unit that needs itself, and a circle that nobody needs, are counted once and kept", () => {
    const odd = unitsOf({ A: "A", B: "C", C: "B" });
    expect(named(odd, splitByPopularity(odd, 2))).toEqual(["A", "BC"]);
  });
});

describe("the split by size", () => {
  test("keeps what only one big unit needs beside it", () => {
    const units = unitsOf({ A: "xy", B: "z", x: "", y: "", z: "" }, { A: 100, B: 50 });
    expect(named(units, splitBySize(units, 2))).toEqual(["Bz", "Axy"]);
  });

  test("gives what two big units share a layer of its own, at the bottom", () => {
    const units = unitsOf({ A: "x", B: "x", x: "", q: "" }, { A: 100, B: 50 });
    expect(named(units, splitBySize(units, 4))).toEqual(["x", "q", "A", "B"]);
  });

  test("puts what is left over into one layer", () => {
    const units = unitsOf({ a: "", b: "", c: "", d: "" }, { a: 1, b: 20, c: 3, d: 30 });
    expect(named(units, splitBySize(units, 3))).toEqual(["b", "ac", "d"]);
  });

  test("a big unit that another needs keeps its layer", () => {
    const units = unitsOf({ A: "N", N: "" }, { A: 5, N: 90 });
    expect(named(units, splitBySize(units, 2))).toEqual(["N", "A"]);
  });
});

const anyUnits = fc
  .array(fc.record({ size: fc.nat(50), edges: fc.array(fc.nat(30), { maxLength: 4 }) }), { maxLength: 30 })
  .map((list): Unit[] =>
    list.map(({ size, edges }, i) => ({ name: `u${i}`, size, dependsOn: edges.filter((e) => e < list.length) })),
  );

describe.each([
  ["by size", splitBySize],
  ["by popularity", splitByPopularity],
] as const)("any split %s", (_title, split) => {
  test("has every unit in exactly one layer, and no more layers than allowed", () => {
    fc.assert(
      fc.property(anyUnits, fc.integer({ min: 1, max: 12 }), (units, limit) => {
        const groups = split(units, limit);
        expect(groups.flat().sort((a, b) => a - b)).toEqual(units.map((_, i) => i));
        expect(groups.length).toBeLessThanOrEqual(limit);
        expect(groups.every((group) => group.length > 0)).toBe(true);
      }),
    );
  });
});

test("a unit that is added moves no layer that stays the same", () => {
  fc.assert(
    fc.property(anyUnits, fc.integer({ min: 1, max: 12 }), fc.nat(30), fc.nat(50), (units, limit, place, size) => {
      const at = Math.min(place, units.length);
      const moved = (i: number) => (i >= at ? i + 1 : i);
      const old = units.map((unit) => ({ ...unit, dependsOn: unit.dependsOn.map(moved) }));
      const added: Unit = { name: "new", size, dependsOn: units.length === 0 ? [] : [moved(0)] };
      const after = [...old.slice(0, at), added, ...old.slice(at)];
      const layers = (list: readonly Unit[]) =>
        named(list, splitBySize(list, limit)).map((text) => text.replaceAll("u", " u"));
      const [before, now] = [layers(units), layers(after)];
      const common = new Set(before.filter((layer) => now.includes(layer)));
      expect(now.filter((layer) => common.has(layer))).toEqual(before.filter((layer) => common.has(layer)));
    }),
  );
});
