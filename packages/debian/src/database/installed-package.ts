import type { DebControl } from "../deb/deb-control.ts";

/** A package as it lies in an image. */
export interface InstalledPackage {
  readonly control: DebControl;
  /** Paths of its data members relative to the root, in the package's order, the root itself left out. */
  readonly paths: readonly string[];
  /** MD5 in hex of the configuration files that it brought, by absolute path. */
  readonly conffileMd5: ReadonlyMap<string, string>;
}
