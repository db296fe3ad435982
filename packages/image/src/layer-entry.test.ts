import fc from "fast-check";
import { byPathBytes } from "./layer-entry.ts";

describe("byPathBytes()", () => {
  test("orders as the UTF-8 bytes do", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 8 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(byPathBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  test("puts a directory before what it contains, and characters beyond the basic plane last", () => {
    expect(["a/b", "a", "a.txt", "\u{1f600}", "\uffee"].sort(byPathBytes)).toEqual([
      "a",
      "a.txt",
      "a/b",
      "\uffee",
      "\u{1f600}",
    ]);
  });
});
