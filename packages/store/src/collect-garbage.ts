import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";
import type { Digest } from "@imgbuild/oci";
import { blobPath, namesIn } from "./blob-directory.ts";
import type { DiskBlobStore } from "./disk-blob-store.ts";
import { forgetRows } from "./forget-rows.ts";
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

/** The part of `maxBytes` that each kind of row in the index may take. */
const INDEX_SHARE = 0.1;

/**
 * Forgets traces that were not used lately, then removes blobs that no trace needs, but for compressed forms that are
 * young enough and fit. The index is written first, so that a collector that is killed leaves blobs without traces,
 * never traces without blobs.
 */
export function collectGarbage(sources: GarbageSources, options: GcOptions): GcReport {
  const { layout, index, blobs } = sources;
  sources.traces.flush();
  const sizes = sizesOf(sources);
  const { kept, dropped } = chooseTraces(sources.traces, sizes, options);
  const needed = new Set(kept.flatMap((trace) => trace.blobs));
  for (const digest of chooseForms(sources, { sizes, needed, options })) needed.add(digest);
  const removed = [...sizes].filter(([digest, { changed }]) => {
    return !needed.has(digest) && changed < options.now - HOUR_MS;
  });
  const freedBytes = removed.reduce((sum, [, { size }]) => sum + size, 0);
  const total = [...sizes.values()].reduce((sum, { size }) => sum + size, 0);
  const maxBytes = (options.maxBytes ?? Number.POSITIVE_INFINITY) * INDEX_SHARE;
  if (options.dryRun) {
    const forgotten = forgetRows(index, { maxBytes, dryRun: true });
    return { traces: dropped.length, blobs: removed.length, forgotten, freedBytes, keptBytes: total - freedBytes };
  }
  let forgotten = 0;
  index.transaction(() => {
    forgotten = forgetRows(index, { maxBytes, dryRun: false });
    for (const { key } of dropped) index.run("DELETE FROM traces WHERE key = ?", key);
    for (const [digest] of removed) forgetPlaces(index, digest);
  });
  for (const [digest] of removed) blobs.remove(digest);
  for (const name of namesIn(layout.quarantine))
    rmSync(join(layout.quarantine, name), { force: true, recursive: true });
  if (dropped.length + removed.length + forgotten > 0) shrink(index);
  return { traces: dropped.length, blobs: removed.length, forgotten, freedBytes, keptBytes: total - freedBytes };
}

/** Gives the index's free pages back. Needs room for a copy, which a full disk has not: then they stay for new rows. */
function shrink(index: IndexDb): void {
  try {
    index.exec("VACUUM");
    index.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    if (!(error instanceof ImgbuildError) || error.code !== "disk-full") throw error;
  }
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
  const oldest = oldestOf(options);
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

/** Blobs that hold compressed blocks or layers and that no trace names: the latest written ones that still fit. */
function chooseForms(
  { index }: GarbageSources,
  at: {
    readonly sizes: ReadonlyMap<Digest, BlobAge>;
    readonly needed: ReadonlySet<string>;
    readonly options: GcOptions;
  },
): readonly Digest[] {
  const { sizes, needed, options } = at;
  const oldest = oldestOf(options);
  let room = options.maxBytes ?? Number.POSITIVE_INFINITY;
  for (const digest of needed) room -= sizes.get(digest as Digest)?.size ?? 0;
  const named = index.all<{ digest: Digest }>("SELECT blob AS digest FROM segments UNION SELECT digest FROM forms");
  const found = named.flatMap(({ digest }) => {
    const age = needed.has(digest) ? undefined : sizes.get(digest);
    return age === undefined || age.changed < oldest ? [] : [{ digest, ...age }];
  });
  found.sort((a, b) => b.changed - a.changed);
  return found.flatMap(({ digest, size }) => {
    room -= size;
    return room < 0 ? [] : [digest];
  });
}

function oldestOf({ maxAgeDays, now }: GcOptions): number {
  return maxAgeDays === undefined ? Number.NEGATIVE_INFINITY : now - maxAgeDays * DAY_MS;
}

function forgetPlaces(index: IndexDb, digest: Digest): void {
  index.run("DELETE FROM segments WHERE blob = ?", digest);
  index.run("DELETE FROM forms WHERE digest = ?", digest);
}
