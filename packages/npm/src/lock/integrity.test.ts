import { createHash } from "node:crypto";
import fc from "fast-check";
import { strongestIntegrity } from "./integrity.ts";

const hash = (algorithm: string, text: string) => `${algorithm}-${createHash(algorithm).update(text).digest("base64")}`;

test("the strongest algorithm counts, with all of its hashes", () => {
  const [a, b] = [hash("sha512", "a"), hash("sha512", "b")];
  expect(strongestIntegrity(`${hash("sha1", "a")} ${a}\n${hash("sha256", "a")}  ${b} ${a}`)).toBe(`${a} ${b}`);
  expect(strongestIntegrity(hash("sha1", "a"))).toBe(hash("sha1", "a"));
});

test("options after a hash are left out, and hashes that are none", () => {
  expect(strongestIntegrity(`${hash("sha512", "a")}?x=y md5-AAAA`)).toBe(hash("sha512", "a"));
});

test.each([
  "",
  "sha512-",
  "sha512-AAAA",
  "sha256",
  `sha256-${"A".repeat(44)}`,
  "md5-1B2M2Y8AsgTpgAmY7PhCfg==",
  `sha256-${"=".repeat(44)}`,
])("%j has no usable hash", (text) => {
  expect(strongestIntegrity(text)).toBeUndefined();
});

test("any hash of known length is kept as it is, whatever stands beside it", () => {
  const algorithm = fc.constantFrom("sha1", "sha256", "sha384", "sha512");
  fc.assert(
    fc.property(
      algorithm,
      fc.string(),
      fc.string().filter((text) => !/sha\d/.test(text)),
      (name, content, noise) => {
        expect(strongestIntegrity(`${noise} ${hash(name, content)}`)).toBe(hash(name, content));
      },
    ),
  );
});
