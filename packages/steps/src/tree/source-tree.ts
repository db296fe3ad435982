import type { DerivationId } from "@imgbuild/graph";
import type { LayerContent } from "@imgbuild/image";

/** What stands at one path of a tree. Owner and mode are null where the source does not say. */
export interface SourceNode {
  readonly type: "file" | "directory" | "symlink";
  /** Permission bits; null for the usual: 0755 for directories and executables, 0644 for other files. */
  readonly mode: number | null;
  readonly executable: boolean;
  readonly uid: number | null;
  readonly gid: number | null;
  /** Target of a symlink, verbatim; empty otherwise. */
  readonly target: string;
  readonly content: LayerContent | undefined;
  /** The derivation that put it there, for messages. */
  readonly author: DerivationId;
}

/**
 * The files that a source stands for. `single` is a file or link that has no place of its own (`name` is the last part
 * of the path it came from, if it came from one); `root` is a directory and what is below it, by path: a map of its own, which
 * whoever asked for the tree may change.
 */
export type SourceTree =
  | { readonly kind: "single"; readonly name: string | undefined; readonly node: SourceNode }
  | {
      readonly kind: "root";
      readonly self: SourceNode;
      readonly nodes: Map<string, SourceNode>;
      /** Nobody described the directory itself: `self` holds below a destination, and is nothing at the root of an image. */
      readonly implied?: boolean;
    };

/** A directory that nobody described. */
export function plainDirectory(author: DerivationId): SourceNode {
  return {
    type: "directory",
    mode: null,
    executable: false,
    uid: null,
    gid: null,
    target: "",
    content: undefined,
    author,
  };
}

/** Whether two nodes give the same member of a layer, whoever put them there. */
export function sameNode(a: SourceNode, b: SourceNode): boolean {
  return (
    a.type === b.type &&
    a.mode === b.mode &&
    a.executable === b.executable &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.target === b.target &&
    a.content?.sha256 === b.content?.sha256
  );
}
