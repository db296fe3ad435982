/** What a sandbox must know of the process that starts it: such things are passed in, never read here. */
export interface SandboxHost {
  /** Effective user and group. */
  readonly uid: number;
  readonly gid: number;
  /** The user's name, by which /etc/subuid may know it. */
  readonly userName: string;
  /** Where to look for programs: the value of PATH. */
  readonly path: string;
}
