import fc from "fast-check";
import { redact, safeLine, safeLines } from "./safe-text.ts";

test.each([
  ["a\u001b[31mred", "a\\x1b[31mred"],
  ["one\ntwo\r", "one\\ntwo\\r"],
  ["tab\there", "tab here"],
  ["csi \u009b2J", "csi \\x9b2J"],
  ["\u202egnp.exe", "\\u202egnp.exe"],
  ["half \ud83d", "half \\ud83d"],
  ["whole 🚀 é 漢", "whole 🚀 é 漢"],
])("%j is shown as %j", (text, shown) => expect(safeLine(text)).toBe(shown));

test.each([
  ["get https://me:pw@host/x", "get https://***@host/x"],
  ["https://me:p@ss@host:5000/x", "https://***@host:5000/x"],
  ["http://token@host", "http://***@host"],
  ["https://host/x?a=1&token=abc&b=2", "https://host/x?a=1&token=***&b=2"],
  ["https://host/@scope/x", "https://host/@scope/x"],
  ["mail me@example", "mail me@example"],
])("%j is redacted to %j", (text, shown) => expect(redact(text)).toBe(shown));

test("lines stay lines", () => expect(safeLines("a\r\nb\n\u0007")).toEqual(["a", "b", "\\x07"]));

test("no text at all reaches the terminal with a control character", () =>
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there
      expect(safeLine(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }),
  ));

test("a long hostile text is quick", () => {
  const text = `${"a.".repeat(200_000)}://${"x:".repeat(200_000)}`;
  expect(redact(text)).toBe(text);
});
