import { type SweepContext, sweepNames } from "./sweep-directory.ts";
import type { SweptDirectory } from "./swept-tree.ts";

/** Sweeps a source that is one file or link: as a directory that has only that name. */
export function sweepFile(context: SweepContext, directory: string, name: string): SweptDirectory {
  return sweepNames({ ...context, root: directory }, [name]);
}
