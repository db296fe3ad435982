import { ValueEncoder } from "./encode.ts";
import { API_NAMES } from "./names.ts";
import { outsideApi } from "./outside.ts";
import { complaints, testApi } from "./testing.ts";

const { api } = testApi();
const { buildImage, directory, json, link, merge, path, text, tree } = api;

test("the API has exactly the names that a definition may import, inside and outside", () => {
  expect(Object.keys(api).sort()).toEqual([...API_NAMES].sort());
  expect(Object.keys(outsideApi).sort()).toEqual([...API_NAMES].sort());
});

test("outside of an evaluation every function says so", () => {
  expect(complaints(() => outsideApi.buildImage({ name: "a" }))).toEqual([
    "usage: Cannot call buildImage: this module is not run by imgbuild",
  ]);
});

test.each([
  ["x", "images/app/x"],
  ["./a//b/./c/", "images/app/a/b/c"],
  ["..", "images"],
  ["../../", ""],
  ["//x/../y", "y"],
  ["//", ""],
  ["a b\\c", "images/app/a b\\c"],
  ["...", "images/app/..."],
])("the path %j is %j of the workspace", (written, kept) => {
  expect(path(written).args).toEqual({ path: kept, include: [], exclude: [], follow: false });
});

test.each<[unknown, string]>([
  ["", 'definition: Cannot use the path "": it is empty'],
  ["/etc", 'path-escape: Cannot use the path "/etc": it = "/etc" is an absolute path'],
  ["../../..", "path-escape:"],
  ["//../x", "path-escape:"],
  ["../../../images/app/x", "path-escape:"],
  ["a\0b", "definition:"],
  [5, "definition: Cannot use the path the number 5"],
])("the path %j is refused", (written, words) => {
  expect(complaints(() => path(written as string))[0]).toContain(words);
});

test("patterns are kept sorted; one string is a list of one", () => {
  expect(path("x", { include: ["b", "a"], exclude: "c", follow: true }).args).toEqual({
    path: "images/app/x",
    include: ["a", "b"],
    exclude: ["c"],
    follow: true,
  });
});

test("files, links and directories", () => {
  expect(text("hi\n").args).toEqual({ text: "hi\n", mode: null });
  expect(text("", { mode: 0o755 }).args).toEqual({ text: "", mode: 0o755 });
  expect(json({ b: 1, a: [true, null] }).args).toEqual({
    text: '{\n  "b": 1,\n  "a": [\n    true,\n    null\n  ]\n}\n',
    mode: null,
  });
  expect(link("../x").args).toEqual({ target: "../x" });
  expect(directory({ mode: 0o700 }).args).toEqual({ mode: 0o700 });
});

test.each<[string, () => unknown, string]>([
  ["text of a number", () => text(1 as never), "it is the number 1, wanted a string"],
  ["text with half a character", () => text("\udc00"), "it holds half of a surrogate pair"],
  ["a path with what is not meant", () => path("x", { exclude: ["!a"] }), 'exclude[0] = "!a" says what is not meant'],
  ["a path with an absolute pattern", () => path("x", { include: "/a/*" }), 'include = "/a/*" starts with "/"'],
  ["a path with a pattern elsewhere", () => path("x", { include: ["a/../../b"] }), "leaves the directory"],
  ["text with a decimal mode", () => text("", { mode: 755 }), "mode is 755, which is 0o1363 in octal"],
  ["text with a wrong mode", () => text("", { mode: 0o10000 }), "mode is the number 4096, wanted permission bits"],
  ["json of undefined", () => json(undefined), "it is undefined, wanted plain data"],
  ["json with a date inside", () => json({ a: [new Date(0)] }), "a[0] is a Date, wanted plain data"],
  ["json of a bigint", () => json({ a: 1n }), "a is a bigint, wanted plain data"],
  ["json of infinity", () => json([Number.POSITIVE_INFINITY]), "[0] is Infinity, wanted plain data"],
  ["json of a map", () => json(new Map()), "it is a Map, wanted plain data"],
  ["an empty link", () => link(""), "wanted the path it points to"],
  ["a tree of an array", () => tree([] as never), "it is an empty array, wanted an object"],
  ["a tree of a value", () => tree(text("x") as never), "it is a file, wanted an object"],
  ["a relative destination", () => tree({ etc: "x" }), "etc is no absolute path"],
  ["a destination with ..", () => tree({ "/a/../b": "x" }), '["/a/../b"] holds ".."'],
  ["a destination with a slash at its end", () => tree({ "/a/": "x" }), '["/a/"] is not normalised'],
  ["a destination with two slashes", () => tree({ "//a": "x" }), '["//a"] is not normalised'],
  ["a whiteout as destination", () => tree({ "/a/.wh.b": "x" }), "which means deletion"],
  ["an undefined source", () => tree({ "/a": undefined as never }), '["/a"] is undefined, wanted a path'],
  ["a merge of one value", () => merge(text("x") as never), "it is a file, wanted an array of sources"],
  ["a wrong conflict rule", () => merge([], { conflict: "frist" as never }), '(did you mean "first"?)'],
])("%s is refused", (_what, call, words) => {
  expect(complaints(call)).toHaveLength(1);
  expect(complaints(call)[0]).toContain(words);
});

test("a tree keeps its destinations sorted, each with its source", () => {
  const made = tree({ "/b": "x", "/": "root", "/a": text("1") }, { uid: 1, mode: 0o600 });
  expect(made.args).toEqual({ destinations: ["", "a", "b"], uid: 1, gid: null, mode: 0o600 });
  expect(made.inputs.map((input) => input.kind)).toEqual(["path", "file", "path"]);
});

test("merge fails on conflicts unless told otherwise", () => {
  expect(merge(["a", "b"]).args).toEqual({ conflict: "error" });
  expect(merge(["a", "b"], { conflict: "first" }).args).toEqual({ conflict: "first" });
});

test("values go out inputs first, a shared one once, however deep", () => {
  const shared = text("x");
  let deep: Parameters<typeof merge>[0][number] = shared;
  for (let i = 0; i < 20_000; i++) deep = merge([deep, shared]);
  const encoder = new ValueEncoder();
  expect(encoder.add(buildImage({ name: "a", copyToRoot: deep }))).toBe(20_002);
  expect(encoder.nodes[1]).toMatchObject({ kind: "merge", inputs: [0, 0] });
  expect(encoder.add({ ...shared })).toBeUndefined();
});
