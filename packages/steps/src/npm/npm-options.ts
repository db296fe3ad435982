import type { NpmAccess } from "./npm-access.ts";

/** What steps need to get packages of npm. */
export interface NpmOptions {
  /** Asked when the first package is not at hand: a build that has all of them reads no configuration. */
  readonly access: () => Promise<NpmAccess>;
}
