import fc from "fast-check";
import { digestOf } from "./digest.ts";
import { formatReference, isTag, parseReference } from "./reference.ts";

const DIGEST = digestOf("x");
const none = { host: undefined, tag: undefined, digest: undefined };

test.each([
  ["app", { ...none, repository: "app" }],
  ["app:1.2", { ...none, repository: "app", tag: "1.2" }],
  ["team/app", { ...none, repository: "team/app" }],
  ["library/app:latest", { ...none, repository: "library/app", tag: "latest" }],
  ["localhost/app", { ...none, host: "localhost", repository: "app" }],
  ["localhost:5000/app:x", { ...none, host: "localhost:5000", repository: "app", tag: "x" }],
  ["registry.example.com/a/b/c", { ...none, host: "registry.example.com", repository: "a/b/c" }],
  ["Registry/app", { ...none, host: "Registry", repository: "app" }],
  ["[::1]:5000/app", { ...none, host: "[::1]:5000", repository: "app" }],
  ["10.0.0.1:80/app", { ...none, host: "10.0.0.1:80", repository: "app" }],
  [`app@${DIGEST}`, { ...none, repository: "app", digest: DIGEST }],
  [`h.example.com/app:1@${DIGEST}`, { host: "h.example.com", repository: "app", tag: "1", digest: DIGEST }],
  ["r/a.b_c__d-e---f", { ...none, repository: "r/a.b_c__d-e---f" }],
])("%s", (text, reference) => {
  expect(parseReference(text)).toEqual(reference);
});

test.each([
  ["", "the repository"],
  ["App", "the repository"],
  ["a b", "the repository"],
  ["a..b", "the repository"],
  ["a___b", "the repository"],
  ["-a", "the repository"],
  ["a-", "the repository"],
  ["a//b", "the repository"],
  ["/a", "the repository"],
  ["a/", "the repository"],
  ["é", "the repository"],
  ["app:", "the tag"],
  ["app:-x", "the tag"],
  ["app:a:b", "the tag"],
  [`app:${"x".repeat(129)}`, "the tag"],
  ["ex_ample.com/app", "the host"],
  ["localhost:port/app", "the host"],
])("%j is no reference: %s is wrong", (text, part) => {
  expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "usage" }));
  expect(() => parseReference(text)).toThrow(part);
});

test.each(["app@", "app@sha256:abc", `app@${DIGEST.toUpperCase()}`, `app@${DIGEST}@${DIGEST}`])(
  "%s has no digest that can be used",
  (text) => {
    expect(() => parseReference(text)).toThrow('wanted "sha256:" and 64 hex digits');
  },
);

const component = fc.stringMatching(/^[a-z0-9]{1,5}(([._]|__|-{1,3})[a-z0-9]{1,4})?$/);
const host = fc.oneof(
  fc.constantFrom("localhost", "localhost:5000", "[fe80::1]:443"),
  fc.stringMatching(/^[a-z0-9]{1,6}\.[a-z]{2,3}(:[1-9][0-9]{1,3})?$/),
);
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);

test("a reference written and read again is the same", () => {
  const reference = fc.record({
    host: fc.option(host, { nil: undefined }),
    // Without a host the first component must not look like one.
    repository: fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => ["r", ...parts].join("/")),
    tag: fc.option(tag, { nil: undefined }),
    digest: fc.option(fc.string().map(digestOf), { nil: undefined }),
  });
  fc.assert(fc.property(reference, (value) => expect(parseReference(formatReference(value))).toEqual(value)));
});

test("any text is a reference that is written as it was read, or a usage error", () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z0-9.:/@_-]{0,30}$/));
  fc.assert(
    fc.property(text, (input) => {
      try {
        expect(formatReference(parseReference(input))).toBe(input);
      } catch (error) {
        expect(["usage", "invalid-archive"]).toContain((error as { code?: unknown }).code);
      }
    }),
    { numRuns: 1000 },
  );
});

test("what is long is refused as quickly as what is short", () => {
  const begin = performance.now();
  for (const text of [`${"a-".repeat(50_000)}!`, `${"a.".repeat(50_000)}/x`, `a:${"x".repeat(1e6)}`]) {
    expect(() => parseReference(text)).toThrow();
  }
  expect(performance.now() - begin).toBeLessThan(2_000);
});

test.each([
  ["latest", true],
  ["_x", true],
  ["A.b-c", true],
  ["x".repeat(128), true],
  [".x", false],
  ["-x", false],
  ["", false],
  ["a b", false],
  ["a/b", false],
  ["é", false],
  ["a\n", false],
])("tag %j: %s", (text, good) => {
  expect(isTag(text)).toBe(good);
});
