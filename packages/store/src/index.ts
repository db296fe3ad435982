export type { BlobStore, BlobWriter } from "./blob-store.ts";
export type { Store, StoreStats, VerifyReport } from "./store.ts";
export type {
  FactTable,
  LayerFormTable,
  LockTable,
  Segment,
  SegmentTable,
  SnapshotTable,
  TraceRow,
  TraceTable,
  TreeTable,
} from "./tables.ts";
