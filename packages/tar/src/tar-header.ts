/** What a tar member is. */
export type TarType = "file" | "directory" | "symlink" | "hardlink" | "char" | "block" | "fifo";

/**
 * One member of a tar archive, without its content. Paths use `/`, have no leading `/` or `./`; a directory has no
 * trailing `/` here (the writer adds it).
 */
export interface TarHeader {
  readonly path: string;
  readonly type: TarType;
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Empty when the owner has no name. */
  readonly uname: string;
  readonly gname: string;
  /** Bytes of content; 0 for all but files. */
  readonly size: number;
  /** Whole seconds since the epoch; may be negative. */
  readonly mtime: number;
  /** Target of a symlink (kept verbatim) or path of the member a hard link repeats; empty otherwise. */
  readonly linkname: string;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Extended attributes by name, binary-safe; undefined when there are none. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
}
