export type { BlobStore, BlobWriter } from "./blob-store.ts";
export { type OpenStoreOptions, openStore } from "./open-store.ts";
export type { OpenDatabase, SqliteDriver, SqliteRow, SqliteStatement, SqliteValue } from "./sqlite-driver.ts";
export type { GcOptions, GcReport, Store, StoreStats, VerifyReport } from "./store.ts";
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
