/** A user that a package wants. */
export interface WantedUser {
  readonly kind: "user";
  readonly name: string;
  /** Fixed number; undefined when any free one will do. */
  readonly uid: number | undefined;
  /** Name of the primary group; undefined for one of the user's own name. */
  readonly group: string | undefined;
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
}

/** A group that a package wants. */
export interface WantedGroup {
  readonly kind: "group";
  readonly name: string;
  readonly gid: number | undefined;
}

/** A user that is to be a member of a group beside his own. */
export interface WantedMembership {
  readonly kind: "member";
  readonly user: string;
  readonly group: string;
}

/** Something that a package wants of passwd and group. */
export type WantedAccount = WantedUser | WantedGroup | WantedMembership;

/** Names as Debian's adduser takes them for system accounts. */
export const ACCOUNT_NAME = /^[a-zA-Z_][a-zA-Z0-9_.-]{0,31}$/;

/** A value that a line of passwd can have. */
export function isPasswdField(text: string): boolean {
  return !/[:\n\0]/.test(text);
}
