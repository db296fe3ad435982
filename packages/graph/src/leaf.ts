import type { ImgbuildError } from "@imgbuild/errors";
import type { Derivation, DerivationId } from "./derivation.ts";

/** What a leaf derivation (one that reads the world: a path, an archive) was found to contain. */
export interface Leaf {
  /** Changes when, and only when, what the derivation reads changes. For a directory: its Merkle root. */
  readonly digest: string;
  /** Number of files. */
  readonly files: number;
  /** Bytes of their contents. */
  readonly bytes: number;
}

/** The answer of a sweep: every leaf asked for is in exactly one of the two. */
export interface LeafReading {
  readonly leaves: ReadonlyMap<DerivationId, Leaf>;
  readonly errors: ReadonlyMap<DerivationId, ImgbuildError>;
  /** Source files opened, and bytes hashed: both zero when nothing changed. */
  readonly filesOpened: number;
  readonly bytesHashed: number;
}

/** The seam to the world outside the graph: measures leaves before anything is built. */
export interface LeafReader {
  /** The derivation kinds that are leaves. */
  readonly kinds: ReadonlySet<string>;
  /** Measures all `leaves` in one sweep. Never throws for one bad leaf: it goes to `errors`. */
  read(leaves: readonly Derivation[]): LeafReading;
}
