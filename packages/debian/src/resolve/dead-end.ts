import type { PackageEntry } from "../archive/package-entry.ts";
import type { Want } from "./want.ts";

/** A want that nothing satisfies, with what was tried. */
export interface DeadEnd {
  readonly want: Want;
  readonly attempts: readonly Attempt[];
}

/** A package that was tried, and why it did not do. */
export interface Attempt {
  readonly entry: PackageEntry;
  readonly why: string | DeadEnd;
}
