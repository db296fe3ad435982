import fc from "fast-check";
import { expandVariables, readNpmrc } from "./npmrc.ts";

test.each([
  ["a=b", [["a", "b"]]],
  ["a = b ", [["a", "b"]]],
  ["a", [["a", "true"]]],
  ["a=", [["a", ""]]],
  ["a=b=c", [["a", "b=c"]]],
  ["a=1\na=2", [["a", "2"]]],
  ["a[]=1\na[]=2", [["a", ["1", "2"]]]],
  ["a=0\na[]=1", [["a", ["0", "1"]]]],
  ["; a=b\n#c\n\n  ;d", []],
  ["[section]\na=b", [["a", "b"]]],
  ["a=b ; comment", [["a", "b"]]],
  ["a=b\\;c\\#d", [["a", "b;c#d"]]],
  ['a="b;c"', [["a", "b;c"]]],
  ["a='b#c'", [["a", "b#c"]]],
  ['a="b\\tc"', [["a", "b\tc"]]],
  ['a="broken', [["a", '"broken']]],
  [
    "\uFEFFa=b\r\nc=d",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
])("%j", (text, expected) => {
  expect([...readNpmrc(text, {})]).toEqual(expected);
});

test.each([
  ["$" + "{A}", "1"],
  ["x$" + "{A}y$" + "{A}", "x1y1"],
  ["$" + "{B}", "$" + "{B}"],
  ["$" + "{B?}", ""],
  ["$" + "{A?}", "1"],
  ["\\$" + "{A}", "$" + "{A}"],
  ["\\\\$" + "{A}", "\\1"],
  ["$" + "{toString}", "$" + "{toString}"],
  ["$A", "$A"],
])("the variables of %s give %s", (text, expected) => {
  expect(expandVariables(text, { A: "1" })).toBe(expected);
});

test("any text is read without a failure, and no key holds a line break", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const key of readNpmrc(text, {}).keys()) expect(key).not.toMatch(/^\s|[\r\n]|\s$/);
    }),
  );
});
