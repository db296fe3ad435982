import { createHash } from "node:crypto";
import fc from "fast-check";
import { formatIntegrity, IntegrityHash, parseIntegrity } from "./integrity.ts";

const bytes = (text: string) => Buffer.from(text);
const hex = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex");
const base64 = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("base64");

test.each([
  `sha256:${hex("sha256", "a")}`,
  `sha512:${hex("sha512", "a")}`,
  `sha512-${base64("sha512", "a")}`,
  `sha1-${base64("sha1", "a")}`,
  `sha384-${base64("sha384", "a")} sha384-${base64("sha384", "b")}`,
])("%s is read and said the same way", (text) => {
  expect(formatIntegrity(parseIntegrity(text))).toBe(text);
});

test("of several algorithms the strongest counts", () => {
  const text = `sha1-${base64("sha1", "a")} sha512-${base64("sha512", "a")} sha256-${base64("sha256", "a")}`;
  expect(parseIntegrity(text).algorithm).toBe("sha512");
});

test.each([
  "",
  "sha256",
  "sha256:",
  "sha256:zz",
  `sha256:${"a".repeat(63)}`,
  "md5:d41d8cd98f00b204e9800998ecf8427e",
  "sha512-AAAA",
  `sha256-${"!".repeat(44)}`,
])("%j is refused, with the forms that are known", (text) => {
  expect(() => parseIntegrity(text)).toThrow(
    expect.objectContaining({ code: "definition", hint: expect.stringContaining("sha512-") }),
  );
});

test("the hash of the pieces is the hash of the whole, and only that matches", () => {
  const algorithm = fc.constantFrom("sha1", "sha256", "sha384", "sha512");
  fc.assert(
    fc.property(algorithm, fc.array(fc.string(), { minLength: 1 }), (name, pieces) => {
      const whole = pieces.join("");
      const integrity = parseIntegrity(`${name}-${base64(name, whole)}`);
      const hash = new IntegrityHash(integrity);
      for (const piece of pieces) hash.update(bytes(piece));
      expect(hash.mismatch()).toBeUndefined();
      expect(hash.digest()).toBe(`sha256:${hex("sha256", whole)}`);
      hash.update(bytes("more"));
      expect(hash.mismatch()).toBe(`${name}-${base64(name, `${whole}more`)}`);
      hash.reset();
      hash.update(bytes(whole));
      expect(hash.mismatch()).toBeUndefined();
    }),
  );
});

test("any of several hashes may match", () => {
  const hash = new IntegrityHash(parseIntegrity(`sha256:${hex("sha256", "x")} sha256:${hex("sha256", "y")}`));
  hash.update(bytes("y"));
  expect(hash.mismatch()).toBeUndefined();
});
