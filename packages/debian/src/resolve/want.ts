import type { PackageEntry } from "../archive/package-entry.ts";
import type { RelationGroup } from "../text/relation.ts";

/** Why something has to be there. */
export type WantKind = "request" | "essential" | "Pre-Depends" | "Depends" | "Recommends";

/** Something that has to be satisfied by one of its alternatives. */
export interface Want {
  readonly kind: WantKind;
  readonly group: RelationGroup;
  /** `name/suite`: only packages of this suite will do. */
  readonly suite: string | undefined;
  /** Who wants it, and why that package is there; undefined for what the caller wants. */
  readonly by: { readonly entry: PackageEntry; readonly want: Want } | undefined;
}

/** `app → libfoo → libbar`: how a want came to be, from the request on. */
export function chainOf(want: Want): string {
  const names: string[] = [];
  for (let at = want.by; at !== undefined; at = at.want.by) names.unshift(at.entry.name);
  return names.join(" → ");
}
