import { hashParts } from "@imgbuild/graph";
import type { LayerEntry } from "@imgbuild/image";
import { parentOf } from "../tree/follow-links.ts";
import type { SourceNode } from "../tree/source-tree.ts";

/** Fewer files are placed sooner than anything else is done with them. */
const MANY = 300;

/** Inputs that do not change from run to run: packages, mostly. They are unpacked once and seen through an overlay. */
export interface SettledInputs {
  /** Directories of which all below is settled, none below another; without leading `/`. */
  readonly tops: readonly string[];
  /** Whether a path is below one of them. */
  holds(path: string): boolean;
}

/**
 * The largest directories that hold many files, all of the store. `apart` are paths that must stay where they are: the working
 * directory, and what is kept of the command.
 */
export function settledInputs(nodes: ReadonlyMap<string, SourceNode>, apart: readonly string[]): SettledInputs {
  const mixed = new Set([""]);
  const mix = (path: string): void => {
    for (let at = path; !mixed.has(at); at = parentOf(at)) mixed.add(at);
  };
  for (const path of apart) mix(path);
  for (const [path, { type, content }] of nodes)
    if (type === "file" && content !== undefined && content.kind !== "stored") mix(parentOf(path));
  const counts = new Map<string, number>();
  for (const [path, { type }] of nodes) {
    const top = type === "file" ? topOf(path, mixed) : undefined;
    if (top !== undefined) counts.set(top, (counts.get(top) ?? 0) + 1);
  }
  const tops = [...counts].filter(([, count]) => count >= MANY).map(([top]) => top);
  const known = new Set(tops);
  return {
    tops: tops.sort(),
    holds(path) {
      for (let at = parentOf(path); at !== ""; at = parentOf(at)) if (known.has(at)) return true;
      return false;
    },
  };
}

/** The highest directory above a path that is not mixed; undefined when the path lies in a mixed one. */
function topOf(path: string, mixed: ReadonlySet<string>): string | undefined {
  let top: string | undefined;
  for (let at = parentOf(path); !mixed.has(at); at = parentOf(at)) top = at;
  return top;
}

/** A name for what some entries hold. */
export function settledName(entries: readonly LayerEntry[]): string {
  const parts = entries.map(({ header, content }) => {
    const { path, type, mode, linkname } = header;
    return JSON.stringify([path, type, mode, linkname, content?.sha256 ?? ""]);
  });
  return `inputs-${hashParts("imgbuild.settled-inputs", parts)}`;
}
