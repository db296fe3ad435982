import fc from "fast-check";
import { formatGroup, meets, parseRelations } from "./relation.ts";

const read = (text: string, architecture = "amd64") =>
  parseRelations(text, { where: "Depends of x", architecture }).map(formatGroup);

describe("relation fields", () => {
  test.each([
    ["a", ["a"]],
    ["a, b | c , d (>= 1:2.0~rc1-1)", ["a", "b | c", "d (>= 1:2.0~rc1-1)"]],
    ["a(>=1),b( << 2 )", ["a (>= 1)", "b (<< 2)"]],
    ["a (< 1), b (> 2), c (= 3), d (>> 4)", ["a (<= 1)", "b (>= 2)", "c (= 3)", "d (>> 4)"]],
    ["python3:any (>= 3.11), libc6:arm64", ["python3:any (>= 3.11)", "libc6:arm64"]],
    ["a [amd64], b [arm64], c [!amd64], d [!arm64 !i386] | e", ["a", "d | e"]],
    ["a [linux-any], b [any-arm64], c [kfreebsd-any]", ["a"]],
    ["a [arm64] | b", ["b"]],
    ["a <!nocheck> <cross>, b (>= 1) [amd64] <!stage1>", ["a", "b (>= 1)"]],
    [" a ,\n b,, ", ["a", "b"]],
    ["", []],
  ])("%j is %j", (text, groups) => {
    expect(read(text)).toEqual(groups);
  });

  test.each([
    "a b",
    "a (>= )",
    "a (~ 1)",
    "a (>= 1",
    "$".concat("{misc:Depends}"),
    "-a",
    "a | | b (",
    "a (>= 1) (<< 2)",
  ])("%j is an error that names the field", (text) => {
    expect(() => read(text)).toThrow("in Depends of x");
  });

  test("what is written reads back the same", () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,8}$/);
    const constraint = fc.option(
      fc.tuple(fc.constantFrom("<<", "<=", "=", ">=", ">>"), fc.stringMatching(/^[0-9][0-9a-z.+~-]{0,5}$/)),
      { nil: undefined },
    );
    const relation = fc
      .tuple(name, constraint)
      .map(([of, by]) => (by === undefined ? of : `${of} (${by[0]} ${by[1]})`));
    const groups = fc.array(fc.array(relation, { minLength: 1, maxLength: 3 }).map((all) => all.join(" | ")));
    fc.assert(fc.property(groups, (all) => expect(read(all.join(", "))).toEqual(all)));
  });

  test("a long hostile item is refused at once", () => {
    expect(() => read(`a${" \t".repeat(50_000)}!`)).toThrow("Cannot read");
    expect(() => read(`a ${"<".repeat(100_000)}`)).toThrow("Cannot read");
  });

  test("who provides a package without a version satisfies no relation with one", () => {
    expect(meets(undefined, undefined)).toBe(true);
    expect(meets(undefined, { operator: ">=", version: "0" })).toBe(false);
    expect(meets("1", { operator: ">=", version: "0" })).toBe(true);
  });
});
