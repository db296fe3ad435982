import type { LayerArgs } from "@imgbuild/graph";
import { type LayerEntry, sortEntries } from "@imgbuild/image";
import type { SourceNode } from "./source-tree.ts";

/** Every file of a layer has this time: one second after the epoch, since some tools take zero for "none". */
const LAYER_MTIME = 1;

/**
 * The members of a layer, in order: sorted by the bytes of their path, with every directory above a member present.
 * Owners that the source does not say are those of the layer; so are modes, as 0755 and 0644.
 */
export function layerEntries(nodes: ReadonlyMap<string, SourceNode>, args: LayerArgs): LayerEntry[] {
  const directories = new Set<string>();
  for (const path of nodes.keys()) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const parent = path.slice(0, at);
      if (directories.has(parent)) break;
      directories.add(parent);
    }
  }
  const entries: LayerEntry[] = [];
  for (const path of directories) if (!nodes.has(path)) entries.push(entryOf(path, undefined, args));
  for (const [path, node] of nodes) {
    // The root itself is a member only when somebody gave it an owner or a mode.
    if (path === "" && node.mode === null && node.uid === null && node.gid === null) continue;
    entries.push(entryOf(path === "" ? "." : path, node, args));
  }
  return sortEntries(entries);
}

function entryOf(path: string, node: SourceNode | undefined, args: LayerArgs): LayerEntry {
  const type = node?.type ?? "directory";
  const usual = type === "symlink" ? 0o777 : type === "directory" || node?.executable === true ? 0o755 : 0o644;
  return {
    header: {
      path,
      type,
      mode: node?.mode ?? usual,
      uid: node?.uid ?? args.uid,
      gid: node?.gid ?? args.gid,
      uname: "",
      gname: "",
      size: node?.content?.size ?? 0,
      mtime: LAYER_MTIME,
      linkname: node?.target ?? "",
      devMajor: 0,
      devMinor: 0,
    },
    content: node?.content,
  };
}
