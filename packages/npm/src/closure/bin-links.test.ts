import fc from "fast-check";
import { readBins } from "../lock/bins.ts";
import { binLinksOf } from "./bin-links.ts";

test("commands go to the node_modules that holds their package", () => {
  const owners = [
    { path: "node_modules/@s/a", bins: readBins({ a: "./bin/a.js" }, "@s/a") },
    { path: "packages/p/node_modules/b", bins: readBins("b.js", "b") },
    { path: "packages/p", bins: readBins("p.js", "p") },
  ];
  expect(binLinksOf(owners)).toEqual([
    { path: "node_modules/.bin/a", target: "node_modules/@s/a/bin/a.js" },
    { path: "packages/p/node_modules/.bin/b", target: "packages/p/node_modules/b/b.js" },
  ]);
});

test("of two packages with one command the first by path has it, whatever the order they come in", () => {
  const owner = (name: string) => ({ path: `node_modules/${name}`, bins: readBins({ tool: "t.js" }, name) });
  const links = [{ path: "node_modules/.bin/tool", target: "node_modules/a/t.js" }];
  expect(binLinksOf([owner("b"), owner("a")])).toEqual(links);
  expect(binLinksOf([owner("a"), owner("b")])).toEqual(links);
});

test.each([
  [
    "list of files",
    ["bin/one.js", "two"],
    [
      ["one.js", "bin/one.js"],
      ["two", "two"],
    ],
  ],
  ["object with a wrong value", { a: 1, b: "b" }, [["b", "b"]]],
  ["nothing", undefined, []],
  ["null", null, []],
  ["a number", 1, []],
  ["a name of dots", { "..": "x", "a/.": "x", "c:\\d": "x" }, [["d", "x"]]],
  ["a file that is the package itself", { a: "./", b: "..", c: "" }, []],
])("a bin field that is a %s", (_, bin, expected) => {
  expect([...readBins(bin, "pkg")]).toEqual(expected);
});

test("whatever the bin field, a link stays in its .bin and its target in its package", () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.string())), (bin) => {
      for (const { path, target } of binLinksOf([{ path: "node_modules/p", bins: readBins(bin, "p") }])) {
        expect(path).toMatch(/^node_modules\/\.bin\/[^/]+$/s);
        expect(target.startsWith("node_modules/p/")).toBe(true);
        for (const text of [path, target]) expect(text.split("/")).not.toContain("..");
      }
    }),
  );
});
