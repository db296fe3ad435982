import { ImgbuildError } from "@imgbuild/errors";
import { followLinks, joinPath, parentOf } from "./follow-links.ts";
import { plainDirectory, type SourceNode } from "./source-tree.ts";

/** A tree of links can stand for more files than any disk has. */
const MAX_NODES = 2_000_000;

/**
 * The same tree with a copy of the directory in the place of each relative link to a directory of the tree, as
 * `rsync --copy-dirlinks` makes it. Links that are absolute, lead out of the tree, nowhere or to a file stay. Throws
 * `conflict` for a link to a directory that holds it: the copy would have no end.
 */
export function copyDirectoryLinks(nodes: Map<string, SourceNode>): Map<string, SourceNode> {
  if (!hasDirectoryLink(nodes)) return nodes;
  const children = new Map<string, string[]>();
  for (const path of nodes.keys()) {
    if (path === "") continue;
    const siblings = children.get(parentOf(path));
    if (siblings === undefined) children.set(parentOf(path), [path]);
    else siblings.push(path);
  }
  const copied = new Map<string, SourceNode>();
  const copy = (from: string, to: string, open: readonly string[]): void => {
    for (const path of children.get(from) ?? []) {
      const node = nodes.get(path);
      const name = path.slice(path.lastIndexOf("/") + 1);
      if (node === undefined) continue;
      const directory = node.type === "symlink" ? targetOf(path, node, nodes) : undefined;
      const place = joinPath(to, name);
      copied.set(place, directory === undefined ? node : (nodes.get(directory) ?? plainDirectory(node.author)));
      if (copied.size > MAX_NODES) throw endless(path, `the copies of its links have more than ${MAX_NODES} files`);
      if (directory === undefined) copy(path, place, open);
      else if (open.includes(directory) || `${path}/`.startsWith(directory === "" ? "" : `${directory}/`)) {
        throw endless(path, `it leads to "${directory === "" ? "." : directory}", which holds it`);
      } else copy(directory, place, [...open, directory]);
    }
  };
  const root = nodes.get("");
  if (root !== undefined) copied.set("", root);
  copy("", "", []);
  return copied;
}

function hasDirectoryLink(nodes: ReadonlyMap<string, SourceNode>): boolean {
  for (const [path, node] of nodes) {
    if (node.type === "symlink" && targetOf(path, node, nodes) !== undefined) return true;
  }
  return false;
}

function targetOf(path: string, node: SourceNode, nodes: ReadonlyMap<string, SourceNode>): string | undefined {
  if (node.target.startsWith("/") || leaves(path, node.target)) return undefined;
  return followLinks(path, (at) => {
    const found = nodes.get(at);
    return found === undefined ? undefined : { type: found.type, link: found.target };
  });
}

function leaves(path: string, target: string): boolean {
  let depth = parentOf(path) === "" ? 0 : parentOf(path).split("/").length;
  for (const name of target.split("/")) {
    if (name === "..") depth -= 1;
    else if (name !== "" && name !== ".") depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function endless(path: string, what: string): ImgbuildError {
  return new ImgbuildError("conflict", `Cannot copy the directory behind the link "${path}": ${what}`, {
    hint: "Keep links with keepContentsDirlinks: true, or leave the link out with exclude",
  });
}
