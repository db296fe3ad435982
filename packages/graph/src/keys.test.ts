import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { byCodeUnit, canonicalJson, hashParts } from "./canonical.ts";
import type { Derivation, DerivationId, InputHash } from "./derivation.ts";
import type { JsonValue } from "./json.ts";
import { derivationId, inputHash, resolvedKey, tagOf } from "./keys.ts";
import type { Leaf } from "./leaf.ts";

const json = fc.jsonValue().map((value) => value as JsonValue);

/** The same value, its objects built in the opposite order. */
function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner as JsonValue)]),
  );
}

describe("the canonical encoding", () => {
  test("is JSON of the same value, and does not depend on the order of keys", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value))).toBe(text);
        expect(canonicalJson(JSON.parse(text) as JsonValue)).toBe(text);
      }),
    );
  });

  test("differs where values differ", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const same = isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
        expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
      }),
    );
  });

  test("sorts keys by code unit, as no locale does", () => {
    expect(canonicalJson({ ä: 1, b: 2, B: 3, "\u{1F600}": 4, "\uFFFD": 5, "10": 6, "9": 7 })).toBe(
      '{"10":6,"9":7,"B":3,"b":2,"ä":1,"\u{1F600}":4,"\uFFFD":5}',
    );
    expect(["b", "a", "B"].sort(byCodeUnit)).toEqual(["B", "a", "b"]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1, Symbol("s"), 10n])("%p has none", (value) => {
    expect(() => canonicalJson([value] as unknown as JsonValue)).toThrow(expect.objectContaining({ code: "internal" }));
  });

  test("half a surrogate pair is told from the sign for what cannot be read", () => {
    expect(canonicalJson("\ud800")).not.toBe(canonicalJson("\ufffd"));
    expect(hashParts("x", [canonicalJson("\ud800")])).not.toBe(hashParts("x", [canonicalJson("\ufffd")]));
  });
});

test("two lists of parts never have one hash, however they are cut", () => {
  const parts = fc.array(fc.string({ unit: fc.constantFrom("1", ":", "a", "é", "") }), { maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      expect(hashParts("d", a) === hashParts("d", b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      expect(hashParts("d", a)).not.toBe(hashParts("e", a));
    }),
    { numRuns: 500 },
  );
});

test("a hash of parts can be made by other means", () => {
  // printf '3:dom1:a0:3:é!' | sha256sum
  expect(hashParts("dom", ["a", "", "é!"])).toBe("3d0314269fa62d80993a8d398c259567d5ae094848a9c07aeae4c9ef240204ff");
});

const position = { file: "image.ts", line: 1, column: 1 };
const make = (over: Partial<Derivation> = {}): Derivation => {
  const recipe = { kind: "link", args: { target: "x" }, inputs: [] as DerivationId[], ...over };
  return { ...recipe, id: derivationId(recipe), position } as Derivation;
};
const leaf = (digest: string): Leaf => ({ digest, files: 1, bytes: 1 });

describe("keys", () => {
  test("of a recipe do not depend on where it was written", () => {
    const elsewhere = make({ position: { file: "other.ts", line: 9, column: 9 } });
    expect(elsewhere.id).toBe(make().id);
    expect(inputHash(elsewhere, undefined, [])).toBe(inputHash(make(), undefined, []));
  });

  test("change with everything that is read", () => {
    const base = make();
    const one = "1".repeat(64) as InputHash;
    const two = "2".repeat(64) as InputHash;
    const hashes = [
      inputHash(base, undefined, []),
      inputHash(make({ kind: "file" }), undefined, []),
      inputHash(make({ args: { target: "y" } }), undefined, []),
      inputHash(base, leaf("d"), []),
      inputHash(base, leaf("e"), []),
      inputHash(base, undefined, [one]),
      inputHash(base, undefined, [one, two]),
      inputHash(base, undefined, [two, one]),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    const step = { runnerVersion: 1, leaf: undefined, inputDigests: ["a", "b"] };
    const keys = [
      resolvedKey(base, step),
      resolvedKey(base, { ...step, runnerVersion: 2 }),
      resolvedKey(base, { ...step, leaf: leaf("d") }),
      resolvedKey(base, { ...step, inputDigests: ["b", "a"] }),
      resolvedKey(base, { ...step, inputDigests: ["ab"] }),
      resolvedKey(make({ args: { target: "y" } }), step),
    ];
    expect(new Set([...keys, ...hashes]).size).toBe(keys.length + hashes.length);
  });

  test("a resolved key asks for outputs alone: what an input was made of does not matter", () => {
    const first = make({ inputs: [make({ args: { target: "1" } }).id] });
    const second = make({ inputs: [make({ args: { target: "2" } }).id] });
    const step = { runnerVersion: 1, leaf: undefined, inputDigests: ["same"] };
    expect(first.id).not.toBe(second.id);
    expect(resolvedKey(first, step)).toBe(resolvedKey(second, step));
  });
});

test("a tag is 32 characters that every registry takes, of the first 160 bits", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f]{64}$/), (hash) => {
      const tag = tagOf(hash as InputHash);
      expect(tag).toMatch(/^[a-z2-7]{32}$/);
      expect(tag).toBe(base32(Buffer.from(hash.slice(0, 40), "hex")));
      expect(tagOf(`${hash.slice(0, 40)}${"0".repeat(24)}` as InputHash)).toBe(tag);
    }),
  );
});

/** RFC 4648, bit by bit. */
function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => "abcdefghijklmnopqrstuvwxyz234567"[Number.parseInt(five, 2)])
    .join("");
}
