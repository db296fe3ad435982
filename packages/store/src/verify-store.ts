import { listBlobs, setAside } from "./blob-directory.ts";
import type { DiskBlobStore } from "./disk-blob-store.ts";
import type { IndexDb } from "./index-db.ts";
import type { Layout } from "./layout.ts";
import type { VerifyReport } from "./store.ts";
import type { IndexTraceTable } from "./trace-table.ts";

/** The parts of a store that are verified. */
export interface VerifySources {
  readonly layout: Layout;
  readonly index: IndexDb;
  readonly blobs: DiskBlobStore;
  readonly traces: IndexTraceTable;
}

/** Reads every blob and every trace. With `repair`, what is wrong is set aside and forgotten. */
export function verifyStore(sources: VerifySources, repair: boolean): VerifyReport {
  const corrupt: { name: string; problem: string }[] = [];
  const repaired = repair && sources.index.checkAndRebuild();
  const integrity = sources.index.all<{ integrity_check: string }>("PRAGMA integrity_check");
  for (const { integrity_check: problem } of integrity) {
    if (problem !== "ok") corrupt.push({ name: sources.layout.index, problem });
  }
  const blobs = verifyBlobs(sources, repair, corrupt);
  verifyTraces(sources, repair, corrupt);
  return { ...blobs, corrupt, indexRebuilt: repaired || sources.index.rebuilt };
}

function verifyBlobs({ layout, blobs }: VerifySources, repair: boolean, corrupt: { name: string; problem: string }[]) {
  let checked = 0;
  let bytes = 0;
  for (const entry of [...listBlobs(layout)]) {
    if ("strange" in entry) {
      corrupt.push({ name: entry.strange, problem: "it is not a blob" });
      if (repair) setAside(layout, entry.strange);
      continue;
    }
    const { problem, size } = blobs.problem(entry.digest);
    checked++;
    bytes += size;
    if (problem === undefined) continue;
    corrupt.push({ name: entry.digest, problem });
    if (repair) blobs.setAside(entry.digest);
  }
  return { checked, bytes };
}

function verifyTraces(sources: VerifySources, repair: boolean, corrupt: { name: string; problem: string }[]): void {
  const { index, traces } = sources;
  const damaged = traces.damaged();
  for (const key of damaged) corrupt.push({ name: `trace ${key}`, problem: "its checksum is wrong" });
  if (!repair) return;
  const present = new Set<string>(sources.blobs.list());
  const useless = traces.byUse().filter((trace) => !trace.blobs.every((digest) => present.has(digest)));
  index.transaction(() => {
    for (const key of [...damaged, ...useless.map((trace) => trace.key)]) traces.forget(key);
    // Of a segment's blob nothing can be known elsewhere, unlike of a form, which may have been sent.
    for (const { blob } of index.all<{ blob: string }>("SELECT DISTINCT blob FROM segments")) {
      if (!present.has(blob)) index.run("DELETE FROM segments WHERE blob = ?", blob);
    }
  });
}
