import { readdirSync, renameSync, statSync } from "node:fs";
import { removeTree } from "@imgbuild/sandbox";
import type { OpenedSandbox } from "./open-sandbox.ts";

/** What may go. */
export interface TidyOptions {
  readonly open: () => Promise<OpenedSandbox>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Unpacked layers that no script used for so many days go. */
  readonly maxAgeDays: number;
  /** Only says what would be removed. */
  readonly dryRun: boolean;
}

/** How much was removed, or would have been. */
export interface TidyReport {
  /** Sandboxes of scripts that failed, or that a process left when it was killed. */
  readonly sandboxes: number;
  /** Layers that lay unpacked for scripts. */
  readonly unpacked: number;
}

const DAY = 24 * 3600 * 1000;
const HELPER = /\.(seal|used|part|old|gone)$/;

/** Removes sandboxes that were kept and unpacked layers that are no longer used. No other process may use the cache. */
export async function tidySandboxes({ open, now, maxAgeDays, dryRun }: TidyOptions): Promise<TidyReport> {
  const { place, sandbox, scripts } = await open();
  const left = list(place.sandboxes).filter((name) => !place.isAlive(name, scripts.processAlive));
  const old = (path: string) => (timeOf(`${path}.used`) ?? 0) < now - maxAgeDays * DAY;
  const layers = list(place.unpackedRoot).flatMap((owner) => {
    const parent = `${place.unpackedRoot}/${owner}`;
    const names = list(parent).filter((name) => !HELPER.test(name));
    return names.map((name) => `${parent}/${name}`).filter(old);
  });
  if (!dryRun) {
    // Out of the way first: who starts a script now unpacks again.
    for (const path of layers) renameSync(path, `${path}.gone`);
    const paths = [
      ...left.map((name) => `${place.sandboxes}/${name}`),
      ...layers.flatMap((path) => [`${path}.gone`, `${path}.seal`, `${path}.used`]),
    ];
    for (const path of paths) await removeTree(sandbox.abilities, path);
  }
  return { sandboxes: left.length, unpacked: layers.length };
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function timeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
