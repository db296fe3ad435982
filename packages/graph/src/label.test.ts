import fc from "fast-check";
import { formatLabel, matchesLabel, parseLabel, parseLabelPattern } from "./label.ts";

test.each([
  ["//", { dir: "", name: null }],
  ["//:debug", { dir: "", name: "debug" }],
  ["//images/api", { dir: "images/api", name: null }],
  ["//images/api/", { dir: "images/api", name: null }],
  ["//images//./api", { dir: "images/api", name: null }],
  ["//images/x/../api:debug", { dir: "images/api", name: "debug" }],
  ["//images/api:default", { dir: "images/api", name: null }],
  ["//images/api/image.ts", { dir: "images/api", name: null }],
  ["//my-image.ts", { dir: "my-image.ts", name: null }],
  ["//ü/a b:$x", { dir: "ü/a b", name: "$x" }],
])("%s is the label %j", (text, label) => {
  expect(parseLabel(text)).toEqual(label);
});

test("a label written and read again is the same", () => {
  const segment = fc.stringMatching(/^[a-zA-Z0-9_@+-]{1,8}(\.[a-z]{2})?$/).filter((text) => text !== "image.ts");
  const name = fc.option(fc.stringMatching(/^[a-z_$][a-zA-Z0-9_$]{0,8}$/).filter((text) => text !== "default"));
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 4 }), name, (segments, exported) => {
      const label = { dir: segments.join("/"), name: exported };
      expect(parseLabel(formatLabel(label))).toEqual(label);
    }),
  );
});

test.each([
  "",
  "-",
  "/etc",
  "//..",
  "//a/../..",
  "//a:",
  "//a:b-c",
  "//a:1",
  "//a\\b",
  "//a\nb",
  "//.../a",
  "//...:x",
  "//a:b:c",
])("%j cannot be read", (text) => {
  expect(() => parseLabelPattern(text)).toThrow("Cannot read the label");
});

test.each(["./a", "a", "-//a", "//a/...", "//a:*"])("%s is no single absolute label", (text) => {
  expect(() => parseLabel(text)).toThrow("wanted one target");
});

test.each([
  ["//...", { kind: "subtree", dir: "", absolute: true, exclude: false }],
  ["-//a/...", { kind: "subtree", dir: "a", exclude: true }],
  ["//a/...:*", { kind: "subtree", dir: "a" }],
  ["//a:*", { kind: "package", dir: "a" }],
  ["...", { kind: "subtree", dir: "", absolute: false, bare: false }],
  ["api", { kind: "target", dir: "api", absolute: false, bare: true }],
  ["./api", { dir: "api", absolute: false, bare: false }],
  ["../x/api:y", { dir: "../x/api", name: "y", absolute: false, bare: false }],
  [".", { dir: "", absolute: false, bare: false }],
  [":debug", { dir: "", name: "debug", absolute: false, bare: false }],
])("%s is read as %j", (text, parts) => {
  expect(parseLabelPattern(text)).toMatchObject({ text, ...parts });
});

test.each([
  ["//a", "//a", true],
  ["//a", "//a:x", false],
  ["//a:*", "//a:x", true],
  ["//a:*", "//a/b", false],
  ["//a/...", "//a/b:x", true],
  ["//a/...", "//a", true],
  ["//a/...", "//ab", false],
  ["//...", "//", true],
])("%s matches %s: %s", (pattern, label, matches) => {
  expect(matchesLabel(parseLabelPattern(pattern), parseLabel(label))).toBe(matches);
});
