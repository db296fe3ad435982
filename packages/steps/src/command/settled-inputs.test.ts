import type { DerivationId } from "@imgbuild/graph";
import { plainDirectory, type SourceNode } from "../tree/source-tree.ts";
import { settledInputs } from "./settled-inputs.ts";

const directory = plainDirectory("a" as DerivationId);
const stored: SourceNode = {
  ...directory,
  type: "file",
  content: { kind: "stored", size: 1, sha256: "", slice: () => Buffer.alloc(1) },
};
const own: SourceNode = { ...directory, type: "file", content: { kind: "disk", size: 1, sha256: "", path: "/x" } };

function nodes(...trees: readonly (readonly [string, number, SourceNode])[]): Map<string, SourceNode> {
  const found = new Map<string, SourceNode>();
  for (const [top, count, node] of trees) {
    const parts = top.split("/");
    for (const i of parts.keys()) found.set(parts.slice(0, i + 1).join("/"), directory);
    for (let i = 0; i < count; i++) found.set(`${top}/${i}`, node);
  }
  return found;
}

test("the largest directory of many files of the store", () => {
  const all = nodes(
    ["work/node_modules/a", 200, stored],
    ["work/node_modules/b", 200, stored],
    ["work/app/src", 9, own],
  );
  const settled = settledInputs(all, ["work/app"]);
  expect(settled.tops).toEqual(["work/node_modules"]);
  expect(["work/node_modules/a", "work/node_modules/a/1"].map(settled.holds)).toEqual([true, true]);
  expect(["work", "work/node_modules", "work/app/src/1"].map(settled.holds)).toEqual([false, false, false]);
});

test("a directory with a file of the workspace is none, those beside it are", () => {
  const all = nodes(["w/m/a", 400, stored], ["w/m/b", 400, stored], ["w/m/own", 1, own]);
  expect(settledInputs(all, ["w"]).tops).toEqual(["w/m/a", "w/m/b"]);
});

test("where a command works or leaves its outputs nothing is settled", () => {
  const all = nodes(["w/m", 400, stored], ["w/out", 400, stored], ["w/deep/out/x", 400, stored]);
  expect(settledInputs(all, ["w", "w/out", "w/deep/out"]).tops).toEqual(["w/deep/out/x", "w/m"]);
  expect(settledInputs(all, ["w/m/.cache/out"]).tops).toEqual(["w/deep", "w/out"]);
});

test("few files are not worth it", () => {
  expect(settledInputs(nodes(["w/m", 299, stored]), ["w"]).tops).toEqual([]);
});
