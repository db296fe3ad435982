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
  /** What a tree that is one file is called where it has no other name. */
  readonly name?: string;
  /** Directories are as nobody described them: of two at one path the other says mode and owner. */
  readonly plainDirectories?: boolean;
}

/** The source tree that a step kept in the store. Owners count only where they are not root: a layer says who owns the rest. */
export function storedNodes(store: Store, output: Output, author: DerivationId): SourceTree {
  const { tree, name, plainDirectories } = output.data as unknown as StoredTreeOutput;
  const nodes = new Map<string, SourceNode>();
  for (const { path, type, mode, uid, gid, target, content } of readStoredTree(store, tree)) {
    const executable = type === "file" && (mode & 0o100) !== 0;
    const isPlain = type === "directory" ? plainDirectories === true : mode === usualMode(type, executable);
    const owner = { uid: uid || null, gid: gid || null };
    nodes.set(path, { type, mode: isPlain ? null : mode, executable, ...owner, target, content, author });
  }
  const self = nodes.get("") ?? plainDirectory(author);
  if (self.type !== "directory") return { kind: "single", name, node: self };
  nodes.delete("");
  return { kind: "root", self, nodes };
}

/** What a layer makes of a mode that nobody said. */
function usualMode(type: SourceNode["type"], executable: boolean): number {
  return type === "symlink" ? 0o777 : executable ? 0o755 : 0o644;
}
