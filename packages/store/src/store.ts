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
  /** Reads every blob and checks its digest. */
  verify(options: { readonly repair: boolean }): VerifyReport;
  /** Runs `body` in one write transaction of the index. */
  transaction<T>(body: () => T): T;
  close(): void;
}
