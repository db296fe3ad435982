import { rmSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { namesIn } from "./blob-directory.ts";
import type { IndexDb } from "./index-db.ts";
import type { Layout } from "./layout.ts";
import { pidOfTemp } from "./temp-name.ts";

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

/** What sweeping must know of the world. */
export interface SweepOptions {
  readonly layout: Layout;
  readonly index: IndexDb;
  readonly now: number;
  processAlive(pid: number, start: string): boolean;
}

/**
 * Removes temporary files of dead processes that were not written to for an hour, and what has been in the quarantine
 * for a week. Looks at most once an hour. A file that cannot be removed is left.
 */
export function sweep(options: SweepOptions): void {
  const { layout, index, now } = options;
  const last = Number(index.get<{ value: string }>("SELECT value FROM meta WHERE name = 'swept'")?.value ?? 0);
  // A clock that was set back must not stop the sweeping for years.
  if (last <= now && now - last < HOUR_MS) return;
  index.run("INSERT OR REPLACE INTO meta (name, value) VALUES ('swept', ?)", String(now));
  for (const name of namesIn(layout.blobs)) {
    const pid = pidOfTemp(name);
    if (pid !== undefined && !options.processAlive(pid, ""))
      removeOlder(join(layout.blobs, name), now - HOUR_MS, (stat) => stat.mtimeMs);
  }
  for (const name of namesIn(layout.quarantine)) {
    // A rename into the quarantine changes ctime alone.
    removeOlder(join(layout.quarantine, name), now - WEEK_MS, (stat) => stat.ctimeMs);
  }
}

function removeOlder(path: string, limit: number, timeOf: (stat: Stats) => number): void {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && timeOf(stat) < limit) rmSync(path, { force: true, recursive: true });
  } catch {
    // Not ours to remove, or somebody else did.
  }
}
