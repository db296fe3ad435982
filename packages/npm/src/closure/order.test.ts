import fc from "fast-check";
import { readPackageLock } from "../lock/package-lock.ts";
import { entry, fixture, LINUX, lockOf } from "../testing/fixtures.ts";
import { closureOf } from "./closure-of.ts";
import { dependencyOrder } from "./order.ts";

test("a package comes after all it needs; a circle is one group", () => {
  const closure = closureOf(
    lockOf({
      "": { dependencies: { a: "1" } },
      "node_modules/a": entry("1.0.0", { dependencies: { b: "1", z: "1" } }),
      "node_modules/b": entry("1.0.0", { dependencies: { c: "1" } }),
      "node_modules/c": entry("1.0.0", { dependencies: { b: "1" } }),
      "node_modules/z": entry("1.0.0"),
    }),
    { workspace: "", platform: LINUX },
  );
  const modules = (...names: string[]) => names.map((name) => `node_modules/${name}`);
  expect(dependencyOrder(closure)).toEqual([modules("b", "c"), modules("z"), modules("a"), [""]]);
});

test("every edge of a real project goes back or stays in its group", () => {
  const lock = readPackageLock(JSON.stringify(fixture("single").lock), { file: "package-lock.json" });
  const closure = closureOf(lock, { workspace: "", platform: LINUX });
  const groups = dependencyOrder(closure);
  const place = new Map(groups.flatMap((group, i) => group.map((unit) => [unit, i] as const)));
  expect(groups.flat().sort()).toEqual(closure.units.map(({ installPath }) => installPath));
  expect(closure.edges.filter(({ from, to }) => (place.get(from) ?? 0) < (place.get(to) ?? 0))).toEqual([]);
});

test("any graph: groups are exactly the packages that reach each other, in a possible order", () => {
  const graph = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 20 });
  fc.assert(
    fc.property(graph, (pairs) => {
      const packages: Record<string, object> = {
        "": { dependencies: Object.fromEntries([...Array(8).keys()].map((i) => [`p${i}`, "1"])) },
      };
      for (let i = 0; i < 8; i++) {
        const needs = pairs.filter(([from]) => from === i).map(([, to]) => [`p${to}`, "1"]);
        packages[`node_modules/p${i}`] = entry("1.0.0", { dependencies: Object.fromEntries(needs) });
      }
      const closure = closureOf(lockOf(packages), { workspace: "", platform: LINUX });
      const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
        from === to ||
        closure.edges.some(
          (edge) => edge.from === from && !seen.has(edge.to) && reaches(edge.to, to, seen.add(edge.to)),
        );
      const groups = dependencyOrder(closure);
      groups.forEach((group, i) => {
        for (const unit of group) {
          for (const other of groups.flat()) {
            const together = reaches(unit, other) && reaches(other, unit);
            expect(group.includes(other)).toBe(together);
            if (reaches(unit, other)) expect(groups.findIndex((item) => item.includes(other))).toBeLessThanOrEqual(i);
          }
        }
      });
    }),
    { numRuns: 40 },
  );
});
