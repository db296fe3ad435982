import type { Digest } from "@imgbuild/oci";

/** Traces: what a resolved key gave. `output` is JSON text. Structurally a graph `TraceStore` over JSON text. */
export interface TraceRow {
  readonly output: string;
  readonly durationMs: number;
  readonly blobs: readonly string[];
}

/** Remembers step outputs by resolved key. */
export interface TraceTable {
  /** The row of a key; undefined when unknown. Does not look at blobs. */
  find(key: string): TraceRow | undefined;
  /** Keeps a row; the first wins unless `replace`. */
  record(key: string, row: TraceRow, options?: { readonly replace?: boolean }): void;
  /** Forgets a key. */
  forget(key: string): void;
}

/**
 * Packed stat snapshots: per source root, one packed buffer a directory. The packing belongs to the caller; the store
 * keeps bytes. `root` is any text that names a root with its selection.
 */
export interface SnapshotTable {
  /** All directories of each root, by path relative to it ("" for the root itself); in one query. */
  load(roots: readonly string[]): Map<string, Map<string, Buffer>>;
  /** Writes and removes directories of a root, in one transaction. */
  save(
    root: string,
    changes: { readonly set: ReadonlyMap<string, Uint8Array>; readonly remove: Iterable<string> },
  ): void;
}

/** Merkle nodes of directories, by digest (64 hex digits), so that two trees can be compared later. */
export interface TreeTable {
  get(digest: string): Buffer | undefined;
  putAll(nodes: ReadonlyMap<string, Uint8Array>): void;
}

/** Where the compressed form of one block of a layer is: a range of a blob. */
export interface Segment {
  readonly blob: Digest;
  readonly offset: number;
  readonly length: number;
  /** CRC-32 of the uncompressed block. */
  readonly crc32: number;
}

/**
 * Compressed blocks by (block id, codec id), so that an unchanged block is never compressed again. One whose blob is gone
 * or damaged is not found.
 */
export interface SegmentTable {
  find(block: string, codec: string): Segment | undefined;
  /** One query for many blocks: result is in the order asked, undefined where unknown. */
  findAll(blocks: readonly string[], codec: string): (Segment | undefined)[];
  addAll(codec: string, segments: ReadonlyMap<string, Segment>): void;
}

/** The compressed forms of whole layers: (diffID, codec id) → digest and size of a blob that was stored or sent. */
export interface LayerFormTable {
  find(diffId: string, codec: string): { readonly digest: Digest; readonly size: number } | undefined;
  record(diffId: string, codec: string, form: { readonly digest: Digest; readonly size: number }): void;
}

/** JSON text by (space, key): evaluations, what each target was last built from, runs. Last write wins. */
export interface FactTable {
  get(space: string, key: string): string | undefined;
  set(space: string, key: string, value: string): void;
  remove(space: string, key: string): void;
  /** Keys of a space, sorted by code unit. */
  keys(space: string): string[];
}

/** Makes sure one key is worked on by one process at a time. Same contract as the graph's `KeyLocks`. */
export interface LockTable {
  withLock<T>(
    key: string,
    options: { signal: AbortSignal; onWait(holder: string): void },
    body: () => Promise<T>,
  ): Promise<T>;
}
