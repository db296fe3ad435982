import type { TarType } from "./tar-header.ts";

/** Offset and width in bytes of each field of a ustar header (POSIX.1-2001, pax, "ustar Interchange Format"). */
export const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  uname: [265, 32],
  gname: [297, 32],
  devMajor: [329, 8],
  devMinor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [number, number]>;

/** Largest number that a field of eight bytes holds: seven octal digits and a NUL. */
export const MAX_OCTAL_7 = 0o7777777;

/** Largest number that a field of twelve bytes holds: eleven octal digits and a NUL. */
export const MAX_OCTAL_11 = 0o77777777777;

/** The type byte of each kind of member. */
export const TYPE_FLAG: Readonly<Record<TarType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};
