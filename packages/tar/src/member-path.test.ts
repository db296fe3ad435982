import { safePath } from "./member-path.ts";

test.each([
  ["a/b", "a/b"],
  ["./a//b/./c/", "a/b/c"],
  ["/etc/passwd", "etc/passwd"],
  ["", ""],
  [".", ""],
  ["..a/b..", "..a/b.."],
])("the path %j is spelled %j", (path, wanted) => expect(safePath(path)).toBe(wanted));

test.each(["..", "../a", "a/..", "a/../b", "/..", "./..//a"])("the path %j leaves the archive", (path) => {
  expect(() => safePath(path)).toThrow(expect.objectContaining({ code: "path-escape" }));
});
