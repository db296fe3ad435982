import fc from "fast-check";
import { encodeDocument } from "./encode-document.ts";

describe("the spelling of a document", () => {
  test("has sorted keys, no spaces, and no undefined members", () => {
    const value = { b: [1, { z: null, y: "ü" }], a: true, gone: undefined, "\u{1f600}": 0, "\uffff": 0 };
    expect(`${encodeDocument(value)}`).toBe('{"a":true,"b":[1,{"y":"ü","z":null}],"\u{1f600}":0,"\uffff":0}');
  });

  test("says every JSON value, and the same bytes whatever the order of keys", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const bytes = encodeDocument(value);
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(encodeDocument(turned)).toEqual(bytes);
        expect(JSON.parse(`${bytes}`)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("keeps a member called __proto__", () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":1}}');
    expect(`${encodeDocument(value)}`).toBe('{"__proto__":{"a":1}}');
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1])("refuses %p", (value) => {
    expect(() => encodeDocument({ value })).toThrow(expect.objectContaining({ code: "internal" }));
  });
});
