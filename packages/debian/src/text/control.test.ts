import fc from "fast-check";
import { formatControl, parseControl, parseSingleStanza } from "./control.ts";
import { Stanza } from "./stanza.ts";

const parse = (text: string) => parseControl(text, "test").map((stanza) => stanza.entries());

describe("reading stanzas", () => {
  test("fields, folded values, comments, several stanzas and blank lines of blanks", () => {
    const text = "Package: a\n# a comment\nDepends: b,\n\tc,\n d\n# in a value\n  e\n \t\nPackage:b\nEmpty:\n\n\n";
    expect(parse(text)).toEqual([
      [
        ["Package", "a"],
        ["Depends", "b,\n\tc,\n d\n  e"],
      ],
      [
        ["Package", "b"],
        ["Empty", ""],
      ],
    ]);
    expect(parseControl(text, "test")[0]?.folded("depends")).toBe("b, c, d e");
  });

  test("names are found whatever their case, and written as they were", () => {
    const stanza = parseSingleStanza("pAcKage: x\n", "test");
    expect(stanza.get("PACKAGE")).toBe("x");
    expect(formatControl([stanza])).toBe("pAcKage: x\n");
  });

  test("CRLF line ends are line ends", () => {
    expect(parse("A: 1\r\n b\r\n\r\nA: 2\r\n")).toEqual([[["A", "1\n b"]], [["A", "2"]]]);
  });

  test("lists have a line each, without the blank before them", () => {
    expect(parseSingleStanza("SHA256:\n a 1 x\n b 2 y\n", "test").lines("sha256")).toEqual(["a 1 x", "b 2 y"]);
  });

  test("names of objects' own fields are names like others", () => {
    const stanza = parseSingleStanza("__proto__: 1\nconstructor: 2\n", "test");
    expect([stanza.get("__proto__"), stanza.get("constructor"), stanza.get("toString")]).toEqual(["1", "2", undefined]);
  });

  test.each([
    ["a line that is no field", "A: 1\nnonsense\n", 'Cannot read line 2 of test: wanted "Name: value"'],
    ["a continuation of nothing", "\n b\n", "Cannot read line 2 of test: it continues a field"],
    ["a field that is there twice", "A: 1\na: 2\n", 'Cannot read line 2 of test: the field "a" is there twice'],
    ["a NUL", "A: 1\0\n", "NUL"],
    ["a name with a blank", "A b: 1\n", "line 1"],
    ["a name that starts with a dash", "-A: 1\n", "line 1"],
  ])("%s is an error with its line", (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test("one stanza where one is wanted", () => {
    expect(() => parseSingleStanza("", "control")).toThrow("Cannot read control: it has 0 stanzas, wanted 1");
    expect(() => parseSingleStanza("A: 1\n\nA: 2\n", "control")).toThrow("it has 2 stanzas");
  });
});

describe("writing stanzas", () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/);
  const line = fc.stringMatching(/^[!-~]{1,6}( [!-~]{1,6})?$/);
  const value = fc.tuple(line, fc.array(line, { maxLength: 3 })).map(([first, more]) => [first, ...more].join("\n "));
  const stanza = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key.toLowerCase(), minLength: 1 });

  test("what is written reads back the same", () => {
    fc.assert(
      fc.property(fc.array(stanza, { minLength: 1, maxLength: 4 }), (stanzas) => {
        expect(parse(formatControl(stanzas.map((fields) => new Stanza(fields))))).toEqual(stanzas);
      }),
    );
  });

  test.each([
    ["A", "1\nB: 2"],
    ["A", "1\n\n"],
    ["A: B", "1"],
    ["A", "1\n \nB"],
  ])("a field that would become another (%j, %j) is refused", (field, text) => {
    expect(() => formatControl([new Stanza([[field, text]])])).toThrow("Cannot write the control field");
  });
});
