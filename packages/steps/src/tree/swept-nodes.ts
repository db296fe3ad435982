import { hash } from "node:crypto";
import { readlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fromUnknown } from "@imgbuild/errors";
import type { DerivationId } from "@imgbuild/graph";
import { type DirectoryRecord, Flag } from "../path/packed-directory.ts";
import { changed } from "../path/read-source.ts";
import { FileType, type SweptDirectory, type SweptTree, typeOf } from "../path/swept-tree.ts";
import { plainDirectory, type SourceNode, type SourceTree } from "./source-tree.ts";

/** The source tree of what a sweep found. */
export function sweptNodes(tree: SweptTree, author: DerivationId): SourceTree {
  if (tree.kind === "file") {
    const node = nodeAt(tree.record, 0, { path: dirname(tree.root), author });
    return { kind: "single", name: basename(tree.root), node };
  }
  const nodes = new Map<string, SourceNode>();
  addDirectory(nodes, { directory: tree.top, path: tree.root, prefix: "", author });
  return { kind: "root", self: plainDirectory(author), nodes };
}

function addDirectory(
  nodes: Map<string, SourceNode>,
  at: {
    readonly directory: SweptDirectory;
    readonly path: string;
    readonly prefix: string;
    readonly author: DerivationId;
  },
): void {
  const { record, children } = at.directory;
  for (let i = 0; i < record.names.length; i++) {
    if (((record.flags[i] as number) & ~Flag.racy) !== 0) continue;
    const name = record.names[i] as string;
    nodes.set(at.prefix + name, nodeAt(record, i, at));
    const directory = children.get(i);
    if (directory === undefined) continue;
    const below = { path: `${at.path}/${name}`, prefix: `${at.prefix}${name}/`, author: at.author };
    addDirectory(nodes, { directory, ...below });
  }
}

function nodeAt(
  record: Omit<DirectoryRecord, "digest">,
  i: number,
  /** `path` is that of the directory. */
  at: { readonly path: string; readonly author: DerivationId },
): SourceNode {
  const mode = record.mode[i] as number;
  const type = typeOf(mode);
  const author = at.author;
  const name = record.names[i] as string;
  // Written out, not spread: a layer may have hundreds of thousands of these.
  if (type === FileType.directory) {
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
  const sha256 = record.digests[i] as string;
  if (type === FileType.link) {
    const target = linkTarget(`${at.path}/${name}`, sha256);
    return { type: "symlink", mode: null, executable: false, uid: null, gid: null, target, content: undefined, author };
  }
  const size = record.size[i] as number;
  const content = size === 0 ? undefined : new DiskContent({ directory: at.path, name, size, sha256 });
  const executable = (mode & 0o100) !== 0;
  return { type: "file", mode: null, executable, uid: null, gid: null, target: "", content, author };
}

/** A file of a directory that many share: a whole path for each would be longer than all the rest. */
class DiskContent {
  readonly kind = "disk";
  readonly size: number;
  readonly sha256: string;
  readonly #directory: string;
  readonly #name: string;

  constructor(of: {
    readonly directory: string;
    readonly name: string;
    readonly size: number;
    readonly sha256: string;
  }) {
    this.size = of.size;
    this.sha256 = of.sha256;
    this.#directory = of.directory;
    this.#name = of.name;
  }

  get path(): string {
    return `${this.#directory}/${this.#name}`;
  }
}

/** The target of a link, which must be the one that was hashed. */
function linkTarget(path: string, sha256: string): string {
  let target: string;
  try {
    target = readlinkSync(path);
  } catch (error) {
    throw fromUnknown(error, `Cannot read the link "${path}"`);
  }
  if (hash("sha256", target, "hex") !== sha256) throw changed(path);
  return target;
}
