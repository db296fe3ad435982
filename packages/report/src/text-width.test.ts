import fc from "fast-check";
import { textWidth, truncateMiddle } from "./text-width.ts";

test.each([
  ["abc", 3],
  ["漢字", 4],
  ["e\u0301", 1],
  ["🚀", 2],
  ["", 0],
])("%j takes %d columns", (text, width) => expect(textWidth(text)).toBe(width));

test.each([
  ["//images/api", 20, "//images/api"],
  ["//images/some-long-name/api", 15, "//image…ame/api"],
  ["漢字漢字漢字", 6, "漢…字"],
  ["abcdef", 1, "…"],
  ["abcdef", 0, ""],
])("%j in %d columns is %j", (text, columns, shown) => expect(truncateMiddle(text, columns)).toBe(shown));

test("nothing is ever wider than its room", () =>
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(30), (text, columns) => {
      expect(textWidth(truncateMiddle(text, columns))).toBeLessThanOrEqual(columns);
    }),
  ));
