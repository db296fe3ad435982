import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const DAY = 24 * 3600 * 1000;

/**
 * Removes what downloads left that nobody came back for: files of a cache that did not grow for so many days. Gives their number.
 * No other process may use the cache.
 */
export function tidyDownloads(
  cacheDirectory: string,
  { now, maxAgeDays, dryRun }: { readonly now: number; readonly maxAgeDays: number; readonly dryRun: boolean },
): number {
  const directory = join(cacheDirectory, "downloads");
  const old = filesBelow(directory).filter((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true && stat.mtimeMs < now - maxAgeDays * DAY;
  });
  if (!dryRun) for (const path of old) rmSync(path, { force: true });
  return old.filter((path) => !path.endsWith(".json")).length;
}

function filesBelow(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) => join(directory, name));
  } catch {
    return [];
  }
}
