import fc from "fast-check";
import { mapArguments, mapName, subordinateMap } from "./id-map.ts";

const ada = { id: 1000, name: "ada" };

describe("the map of subordinate ids", () => {
  test("is the user as root, then the ranges of the user's lines, by name or number", () => {
    const text = "bob:1:5\nada:100000:10\n1000:500000:20\n";
    expect(subordinateMap(text, ada)).toEqual([
      { inside: 0, outside: 1000, count: 1 },
      { inside: 1, outside: 100000, count: 10 },
      { inside: 11, outside: 500000, count: 20 },
    ]);
  });

  test.each([
    ["", ""],
    ["another user", "adam:1:2\n"],
    ["broken lines", "ada\nada:x:1\nada:1\nada:1:-5\nada:100:0\n"],
  ])("is empty with %s", (_, text) => expect(subordinateMap(text, ada)).toEqual([]));

  test("never goes beyond 65536 ids, and never overlaps inside", () => {
    const lines = fc.array(fc.tuple(fc.integer({ min: 100_000, max: 1e9 }), fc.integer({ min: 0, max: 200_000 })));
    fc.assert(
      fc.property(lines, (ranges) => {
        const map = subordinateMap(ranges.map(([start, count]) => `ada:${start}:${count}`).join("\n"), ada);
        let next = 0;
        for (const range of map) {
          expect(range.inside).toBe(next);
          next += range.count;
        }
        expect(next).toBeLessThanOrEqual(65_536);
      }),
    );
  });

  test("is told to newuidmap as triples, and names caches by whom files belong to", () => {
    const map = subordinateMap("ada:100000:65536", ada);
    expect(mapArguments(map)).toEqual(["0", "1000", "1", "1", "100000", "65535"]);
    const host = { uid: 1000, gid: 1000, userName: "ada", path: "" };
    expect(mapName(host, map)).toBe("user-1000x1-100000x65535");
    expect(mapName({ ...host, uid: 0 }, [])).toBe("root");
  });
});
