import { ImgbuildError } from "@imgbuild/errors";
import type { Derivation, DerivationId } from "@imgbuild/graph";
import { type LayerEntry, sortEntries } from "@imgbuild/image";
import type { LayerContext } from "../layer/layer-context.ts";
import { nodesOver } from "../layer/plan-layer.ts";
import { joinPath } from "../tree/follow-links.ts";
import { layerEntries } from "../tree/layer-entries.ts";
import { plainDirectory, type SourceNode } from "../tree/source-tree.ts";

/** The nodes of a source of a command, from the root of its file system. */
export function nodesOf(source: DerivationId, context: LayerContext, derivation: Derivation): Map<string, SourceNode> {
  const args = { keepContentsDirlinks: true, baseLinks: "follow" } as const;
  return nodesOver(source, { ...context, base: undefined, args, derivation });
}

/** Adds a directory and those above it. Throws `conflict` where something else stands. */
export function addDirectory(nodes: Map<string, SourceNode>, path: string, author: DerivationId): void {
  let at = "";
  for (const name of path.split("/")) {
    at = joinPath(at, name);
    const there = nodes.get(at);
    if (there === undefined) nodes.set(at, plainDirectory(author));
    else if (there.type !== "directory") {
      throw new ImgbuildError(
        "conflict",
        `Cannot run a command in "/${path}": its inputs have a ${there.type} at "/${at}"`,
        {
          hint: "Set workingDirectory to a directory, or place the input elsewhere",
        },
      );
    }
  }
}

/**
 * Files that a user without rights may read and not change, in directories in which that user may make more: those of user 0, with
 * the bit that lets nobody take away what others own.
 */
export function readOnlyEntries(nodes: ReadonlyMap<string, SourceNode>): LayerEntry[] {
  const owner = { uid: 0, gid: 0 };
  const plain = new Map([...nodes].map(([path, node]) => [path, { ...node, ...owner }] as const));
  return entriesOf(plain).map((entry) =>
    entry.header.type === "directory" && entry.header.path !== "."
      ? { ...entry, header: { ...entry.header, mode: 0o1777 } }
      : entry,
  );
}

/** Files of a root file system as they are. */
export function entriesOf(nodes: ReadonlyMap<string, SourceNode>): LayerEntry[] {
  const args = { uid: 0, gid: 0, hasBase: false, keepContentsDirlinks: true, baseLinks: "follow" } as const;
  const entries = layerEntries(nodes, args).filter(({ header }) => header.path !== ".");
  return sortEntries([rootEntry(), ...entries]);
}

function rootEntry(): LayerEntry {
  const owner = { uid: 0, gid: 0, uname: "", gname: "" };
  const rest = { size: 0, mtime: 1, linkname: "", devMajor: 0, devMinor: 0 };
  return { header: { path: ".", type: "directory", mode: 0o755, ...owner, ...rest }, content: undefined };
}
