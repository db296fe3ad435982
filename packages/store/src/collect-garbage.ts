import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Digest } from "@imgbuild/oci";
import { blobPath, namesIn } from "./blob-directory.ts";
import type { DiskBlobStore } from "./disk-blob-store.ts";
import type { IndexDb } from "./index-db.ts";
import type { Layout } from "./layout.ts";
import type { GcOptions, GcReport } from "./store.ts";
import type { IndexTraceTable } from "./trace-table.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The parts of a store that garbage is collected from. */
export interface GarbageSources {
  readonly layout: Layout;
  readonly index: IndexDb;
  readonly blobs: DiskBlobStore;
  readonly traces: IndexTraceTable;
}

/**
 * Forgets traces that were not used lately, then removes blobs that no trace needs. The index is written first, so
 * that a collector that is killed leaves blobs without traces, never traces without blobs.
 */
export function collectGarbage(sources: GarbageSources, options: GcOptions): GcReport {
  const { layout, index, blobs } = sources;
  sources.traces.flush();
  const sizes = sizesOf(sources);
  const { kept, dropped } = chooseTraces(sources.traces, sizes, options);
  const needed = new Set(kept.flatMap((trace) => trace.blobs));
  const removed = [...sizes].filter(([digest, { changed }]) => {
    return !needed.has(digest) && changed < options.now - HOUR_MS;
  });
  const freedBytes = removed.reduce((sum, [, { size }]) => sum + size, 0);
  const total = [...sizes.values()].reduce((sum, { size }) => sum + size, 0);
  if (!options.dryRun) {
    index.transaction(() => {
      for (const { key } of dropped) index.run("DELETE FROM traces WHERE key = ?", key);
      for (const [digest] of removed) forgetPlaces(index, digest);
    });
    for (const [digest] of removed) blobs.remove(digest);
    for (const name of namesIn(layout.quarantine))
      rmSync(join(layout.quarantine, name), { force: true, recursive: true });
  }
  return { traces: dropped.length, blobs: removed.length, freedBytes, keptBytes: total - freedBytes };
}

interface BlobAge {
  readonly size: number;
  /** When its file was last changed, in milliseconds. */
  readonly changed: number;
}

function sizesOf({ layout, blobs }: GarbageSources): Map<Digest, BlobAge> {
  const sizes = new Map<Digest, BlobAge>();
  for (const digest of blobs.list()) {
    const stat = statSync(blobPath(layout, digest), { throwIfNoEntry: false });
    if (stat !== undefined) sizes.set(digest, { size: stat.size, changed: stat.mtimeMs });
  }
  return sizes;
}

/** The latest used traces that are young enough and whose blobs fit; and the others. */
function chooseTraces(traces: IndexTraceTable, sizes: ReadonlyMap<string, BlobAge>, options: GcOptions) {
  const oldest =
    options.maxAgeDays === undefined ? Number.NEGATIVE_INFINITY : options.now - options.maxAgeDays * DAY_MS;
  const limit = options.maxBytes ?? Number.POSITIVE_INFINITY;
  const counted = new Set<string>();
  const kept: { readonly blobs: readonly string[] }[] = [];
  const dropped: { readonly key: string }[] = [];
  let bytes = 0;
  for (const trace of traces.byUse()) {
    const fresh = new Set(trace.blobs.filter((digest) => !counted.has(digest)));
    const cost = [...fresh].reduce((sum, digest) => sum + (sizes.get(digest)?.size ?? 0), 0);
    if (trace.used < oldest || bytes + cost > limit) {
      dropped.push(trace);
      continue;
    }
    bytes += cost;
    for (const digest of fresh) counted.add(digest);
    kept.push(trace);
  }
  return { kept, dropped };
}

function forgetPlaces(index: IndexDb, digest: Digest): void {
  index.run("DELETE FROM segments WHERE blob = ?", digest);
  index.run("DELETE FROM forms WHERE digest = ?", digest);
}
