import type { NpmAccess } from "./npm-access.ts";

/** What steps need to get packages of npm. */
export interface NpmOptions {
  /**
   * What the user's npm does in a directory of the workspace (default: its root). Asked when the first package is not at hand: a build
   * that has all of them reads no configuration.
   */
  readonly access: (directory?: string) => Promise<NpmAccess>;
}
