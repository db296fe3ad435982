import { posix } from "node:path";
import fc from "fast-check";
import { imagePath, workspacePath } from "./place.ts";
import type { Problem } from "./problem.ts";

const segment = fc.constantFrom("a", "b c", "..", ".", "", "...", "é", ".x", "..a");
const relativePath = fc.array(segment, { minLength: 1, maxLength: 8 }).map((segments) => segments.join("/"));
const directory = fc.array(fc.constantFrom("d", "e", "..f"), { maxLength: 3 }).map((segments) => segments.join("/"));

test("a path of a definition means what it means to the system, and one that leaves the workspace is refused", () => {
  fc.assert(
    fc.property(relativePath, directory, (text, dir) => {
      fc.pre(text !== "" && !text.startsWith("/"));
      const problems: Problem[] = [];
      const found = workspacePath(text, { dir, path: "x", problems });
      // Far down, so that ".." never reaches the root, where it would stay.
      const root = `${"/r".repeat(20)}/workspace`;
      const meant = posix.relative(root, posix.normalize(`${root}/${dir}/${text}`));
      if (meant === ".." || meant.startsWith("../"))
        expect([found, problems[0]?.code]).toEqual([undefined, "path-escape"]);
      else expect([found, problems]).toEqual([meant, []]);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["../../../../x", "a"],
  ["../../x", ""],
  ["//../x", "a"],
  ["..", ""],
  ["/etc/passwd", "a"],
])("%s from %j leaves the workspace", (text, dir) => {
  const problems: Problem[] = [];
  expect(workspacePath(text, { dir, path: "x", problems })).toBeUndefined();
  expect(problems).toMatchObject([{ code: "path-escape" }]);
});

test("a place in an image is taken as written or refused, never changed", () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
      const text = `/${segments.join("/")}`;
      const problems: Problem[] = [];
      const found = imagePath(text, { path: "", problems });
      const plain = text === "/" || (text === posix.normalize(text) && !text.endsWith("/"));
      expect(found === undefined).toBe(problems.length > 0);
      if (found === undefined) expect(plain && !segments.includes("..")).toBe(false);
      else expect(`/${found}`).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test.each(["/.wh.x", "/a/.wh..wh..opq", "/a\0b", "/\ud800", "x", "", "./x"])("%j is no place in an image", (text) => {
  const problems: Problem[] = [];
  expect(imagePath(text, { path: "", problems })).toBeUndefined();
  expect(problems).toHaveLength(1);
});
