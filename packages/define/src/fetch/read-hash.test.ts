import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Problem } from "../problem.ts";
import { readHash } from "./read-hash.ts";

function read(value: unknown): { hash: string; written: string; problems: readonly string[] } {
  const problems: Problem[] = [];
  return { ...readHash(value, problems), problems: problems.map(({ text }) => text) };
}

test("every form of a hash is one hash, and is told as it was written", () => {
  fc.assert(
    fc.property(fc.constantFrom("sha256", "sha384", "sha512"), fc.uint8Array(), (algorithm, bytes) => {
      const digest = createHash(algorithm).update(bytes).digest();
      const hash = `${algorithm}:${digest.toString("hex")}`;
      const sri = `${algorithm}-${digest.toString("base64")}`;
      expect(read(sri)).toEqual({ hash, written: sri, problems: [] });
      expect(read(sri.replace(/=+$/, ""))).toEqual({ hash, written: sri, problems: [] });
      for (const text of [hash, digest.toString("hex"), `${algorithm}-${digest.toString("hex")}`, ` ${hash}\n`])
        expect(read(text)).toEqual({ hash, written: hash, problems: [] });
    }),
  );
});

test("no other text is a hash", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.base64String()), (text) => {
      fc.pre(text !== "" && !/[0-9a-f]{64}/i.test(text));
      expect(read(text)).toMatchObject({ hash: "", problems: [expect.stringMatching(/is no hash|is too weak/)] });
    }),
  );
});

test.each([
  ["base64 with bits left over", `sha256-${"A".repeat(42)}B=`],
  ["the wrong length", `sha256:${"a".repeat(63)}`],
  ["another algorithm's length", `sha512:${"a".repeat(64)}`],
  ["an unknown algorithm", `sha3:${"a".repeat(64)}`],
  ["the base32 of Nix", "1b0ri5lsf45dknj8bfxi1syz35kxab77apxmvwh6xy8i4g33chqn"],
])("%s is no hash", (_, text) => {
  expect(read(text).problems).toEqual([expect.stringContaining("is no hash")]);
});
