import type { BlobStore } from "./blob-store.ts";
import type {
  FactTable,
  LayerFormTable,
  LockTable,
  SegmentTable,
  SnapshotTable,
  TraceTable,
  TreeTable,
} from "./tables.ts";

/** What is in a store, for `imgbuild cache stats`. Sizes in bytes. */
export interface StoreStats {
  readonly directory: string;
  readonly blobs: number;
  readonly blobBytes: number;
  readonly indexBytes: number;
  readonly traces: number;
  readonly segments: number;
}

/** What `verify` found. */
export interface VerifyReport {
  readonly checked: number;
  readonly bytes: number;
  /** Digest or file name, and what is wrong with it. With `repair` these are set aside, and traces that name them forgotten. */
  readonly corrupt: readonly { readonly name: string; readonly problem: string }[];
  /** Whether the index had to be rebuilt. */
  readonly indexRebuilt: boolean;
}

/** What `gc` may remove. */
export interface GcOptions {
  /**
   * What traces and compressed forms may take together: the longest unused go first. Facts, snapshots and Merkle nodes
   * may take a tenth of it each. Default: no limit.
   */
  readonly maxBytes?: number | undefined;
  /** Traces not used for so many days are forgotten. Default: no limit. */
  readonly maxAgeDays?: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Only says what would be removed. */
  readonly dryRun: boolean;
}

/** What `gc` removed (or would have). Sizes in bytes. */
export interface GcReport {
  readonly traces: number;
  readonly blobs: number;
  /** Rows of the index: facts, snapshots and Merkle nodes. */
  readonly forgotten: number;
  readonly freedBytes: number;
  readonly keptBytes: number;
}

/** One cache directory: blobs and the SQLite index of facts about them. Open it with `openStore`; the opener closes it. */
export interface Store {
  readonly directory: string;
  readonly blobs: BlobStore;
  readonly traces: TraceTable;
  readonly snapshots: SnapshotTable;
  readonly trees: TreeTable;
  readonly segments: SegmentTable;
  readonly layerForms: LayerFormTable;
  readonly facts: FactTable;
  readonly locks: LockTable;
  stats(): StoreStats;
  /** Reads every blob and checks its digest. Without `repair` nothing is changed. */
  verify(options: { readonly repair: boolean }): VerifyReport;
  /**
   * Removes what no recently used trace needs and bounds all that is remembered. Blobs younger than an hour stay. Throws `unavailable` while another
   * process has the store open.
   */
  gc(options: GcOptions): GcReport;
  /**
   * Runs `body`, which must be synchronous, in one write transaction of the index; nested, in a savepoint. It may run
   * twice when the index was busy or had to be rebuilt.
   */
  transaction<T>(body: () => T): T;
  close(): void;
}
