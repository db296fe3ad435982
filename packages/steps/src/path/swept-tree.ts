import type { DirectoryRecord } from "./packed-directory.ts";

/** One directory of a swept tree: its record and its sub-directories, by index of their name. */
export interface SweptDirectory {
  readonly record: DirectoryRecord;
  readonly children: ReadonlyMap<number, SweptDirectory>;
}

/** What a sweep of one path source found. */
export type SweptTree =
  | {
      readonly kind: "directory";
      /** Absolute path on this machine. */
      readonly root: string;
      readonly top: SweptDirectory;
      readonly files: number;
      readonly bytes: number;
    }
  | {
      /** The source is one file or link: `record` has one name, the last part of its path. */
      readonly kind: "file";
      readonly root: string;
      readonly record: DirectoryRecord;
      readonly files: number;
      readonly bytes: number;
    };

/** Counters of a sweep; both stay zero when nothing changed. */
export interface SweepCounters {
  filesOpened: number;
  bytesHashed: number;
}

const TYPE_MASK = 0o170000;

export const FileType = { directory: 0o040000, file: 0o100000, link: 0o120000 } as const;

/** The type bits of a mode. */
export function typeOf(mode: number): number {
  return mode & TYPE_MASK;
}
