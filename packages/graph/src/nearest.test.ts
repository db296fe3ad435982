import fc from "fast-check";
import { didYouMean, nearest } from "./nearest.ts";

test.each([
  ["tagg", ["tag", "name", "config"], ["tag"]],
  ["nmae", ["tag", "name"], ["name"]],
  ["WORKING_DIR", ["WorkingDir", "User"], ["WorkingDir"]],
  ["copytoroot", ["copyToRoot", "contents"], ["copyToRoot"]],
  ["root", ["copyToRoot", "runAsRoot"], ["copyToRoot", "runAsRoot"]],
  ["zzz", ["tag", "name"], []],
  ["", ["tag"], []],
])("near %j among %j is %j", (word, candidates, near) => {
  expect(nearest(word, candidates)).toEqual(near);
});

test("a word is nearest to itself, and the answer does not depend on the order of candidates", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1 }), (words) => {
      const [word = ""] = words;
      expect(nearest(word, words, 1)).toEqual([word]);
      expect(nearest(word, [...words].reverse(), 1)).toEqual([word]);
    }),
  );
});

test("the question lists what is near, or is empty", () => {
  expect(didYouMean("gzip", ["gz", "none"])).toBe("");
  expect(didYouMean("//a/apo", ["//a/api", "//a/app", "//b"])).toBe(' (did you mean "//a/api" or "//a/app"?)');
});
