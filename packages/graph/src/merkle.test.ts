import fc from "fast-check";
import { diffTrees, encodeNode, type MerkleEntry, nodeDigest, parseNode } from "./merkle.ts";

/** A tree of tests: content of a file, or what a directory holds. */
type Tree = string | { readonly [name: string]: Tree };

/** Stores all nodes of a directory; returns its digest. */
function build(tree: { readonly [name: string]: Tree }, nodes: Map<string, string>): string {
  const entries = Object.entries(tree).map(([name, child]): MerkleEntry => {
    if (typeof child === "string") return { name, type: "file", digest: nodeDigest(child) };
    return { name, type: "directory", digest: build(child, nodes) };
  });
  const text = encodeNode(entries);
  nodes.set(nodeDigest(text), text);
  return nodeDigest(text);
}

function paths(tree: Tree, prefix = ""): Map<string, string> {
  if (typeof tree === "string") return new Map([[prefix, tree]]);
  return new Map(
    Object.entries(tree).flatMap(([name, child]) => [...paths(child, prefix === "" ? name : `${prefix}/${name}`)]),
  );
}

const name = fc.constantFrom("a", "b", "c d", "é", "\n", "A", "constructor");
const { tree } = fc.letrec<{ tree: { readonly [name: string]: Tree } }>((tie) => ({
  tree: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, fc.constantFrom("1", "2"), tie("tree")), { maxKeys: 4 }),
}));

test("what differs is found by path, and nothing else is named", () => {
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      const nodes = new Map<string, string>();
      const found = diffTrees(build(before, nodes), build(after, nodes), {
        load: (digest) => nodes.get(digest),
        limit: 1000,
      });
      const [old, now] = [paths(before), paths(after)];
      for (const [path, content] of old) {
        if (now.get(path) === content) continue;
        expect(found.some((change) => path === change.path || path.startsWith(`${change.path}/`))).toBe(true);
      }
      for (const { path, change } of found) {
        const inOld = [...old.keys()].some((each) => each === path || each.startsWith(`${path}/`));
        const inNow = [...now.keys()].some((each) => each === path || each.startsWith(`${path}/`));
        if (inOld && inNow) expect(change).toBe("changed");
        else if (inOld) expect(change).not.toBe("added");
        else if (inNow) expect(change).not.toBe("removed");
      }
      expect(found.length === 0).toBe(build(before, nodes) === build(after, nodes));
    }),
    { numRuns: 500 },
  );
});

test("a node says the same of its entries in any order, and is read as it was written", () => {
  const entry = fc.record({
    name: fc.string({ minLength: 1 }).filter((text) => !text.includes("\0")),
    type: fc.constantFrom("file" as const, "executable" as const, "link" as const, "directory" as const),
    digest: fc.string().map(nodeDigest),
  });
  const entries = fc.uniqueArray(entry, { selector: (each) => each.name });
  fc.assert(
    fc.property(entries, (list) => {
      const text = encodeNode(list);
      expect(encodeNode([...list].reverse())).toBe(text);
      expect(new Set(parseNode(text).map((each) => JSON.stringify([each.name, each.type, each.digest])))).toEqual(
        new Set(list.map((each) => JSON.stringify([each.name, each.type, each.digest]))),
      );
    }),
  );
});

test("only what differs is looked into", () => {
  const nodes = new Map<string, string>();
  const asked: string[] = [];
  const load = (digest: string) => {
    asked.push(digest);
    return nodes.get(digest);
  };
  const same = { big: { x: "1", y: "2" } };
  const [before, after] = [build({ ...same, f: "1" }, nodes), build({ ...same, f: "2" }, nodes)];
  expect(diffTrees(before, after, { load, limit: 10 })).toEqual([{ path: "f", change: "changed" }]);
  expect(asked).toHaveLength(2);
});

test("a node that is not known any more is one change, and the limit holds", () => {
  const nodes = new Map<string, string>();
  const before = build({ d: { a: "1", b: "1" }, e: "1" }, nodes);
  const after = build({ d: { a: "2", b: "2" }, e: "2" }, nodes);
  const load = (digest: string) => nodes.get(digest);
  expect(diffTrees(before, after, { load, limit: 1 })).toHaveLength(1);
  expect(diffTrees(before, after, { load: () => undefined, limit: 5 })).toEqual([{ path: ".", change: "changed" }]);
  for (const [digest, text] of nodes) if (!text.includes("e\0")) nodes.delete(digest);
  expect(diffTrees(before, after, { load, limit: 5 }).map((change) => change.path)).toEqual(["d", "e"]);
});
