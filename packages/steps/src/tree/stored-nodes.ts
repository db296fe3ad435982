import type { DerivationId, Output } from "@imgbuild/graph";
import { readStoredTree } from "@imgbuild/image";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { plainDirectory, type SourceNode, type SourceTree } from "./source-tree.ts";

/** What the output of a step of a stored kind holds as its data. */
export interface StoredTreeOutput {
  /** The listing. */
  readonly tree: Digest;
  readonly blobs: readonly string[];
}

/** The source tree that a step kept in the store. Owners count only where they are not root: a layer says who owns the rest. */
export function storedNodes(store: Store, output: Output, author: DerivationId): SourceTree {
  const { tree } = output.data as unknown as StoredTreeOutput;
  const nodes = new Map<string, SourceNode>();
  for (const { path, type, mode, uid, gid, target, content } of readStoredTree(store, tree)) {
    const executable = type === "file" && (mode & 0o100) !== 0;
    nodes.set(path, { type, mode, executable, uid: uid || null, gid: gid || null, target, content, author });
  }
  const self = nodes.get("") ?? plainDirectory(author);
  nodes.delete("");
  return { kind: "root", self, nodes };
}
