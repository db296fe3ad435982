import { type Scan, type SweepContext, scanOnly } from "./sweep-directory.ts";

/** Scans a source that is one file or link: as a directory that has only that name. */
export function scanFile(context: SweepContext, directory: string, name: string): Scan {
  return scanOnly({ ...context, root: directory }, [name]);
}
