import type { UnpackArgs } from "@imgbuild/graph";
import type { Store } from "@imgbuild/store";

/** A member of an archive of any kind; its content can be read once, before the next member. */
export interface ArchiveMember {
  /** As it is written in the archive. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "hardlink" | "other";
  /** Whether anybody may execute it. */
  readonly executable: boolean;
  /** Target of a link. */
  readonly target: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** What unpacking needs beside the archive. */
export interface UnpackContext {
  readonly store: Store;
  readonly args: UnpackArgs;
  /** Names the archive in messages: `path "//vendor/x.tgz"`. */
  readonly title: string;
  readonly signal: AbortSignal;
  /** Told the bytes of the archive that were read. */
  readonly progress: (bytes: number) => void;
}
