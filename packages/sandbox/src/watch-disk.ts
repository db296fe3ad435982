import { statfsSync } from "node:fs";
import type { Abilities } from "./abilities.ts";
import { mappedCommand } from "./mapped-command.ts";

/** Why a script was ended for the space that it took. */
export type DiskEnd = "machine" | "limit";

/** What is watched. */
export interface DiskWatch {
  /** A directory on the file system that the script writes to. */
  readonly path: string;
  /** Where its files are: measured against `limit`. */
  readonly files: string;
  /** Bytes; undefined for none. */
  readonly limit: number | undefined;
  readonly signal: AbortSignal;
  /** Called once. */
  readonly onFull: (why: DiskEnd) => void;
}

const EVERY_MS = 200;
/** What a script leaves to the rest of the machine, where there is that much. */
const RESERVE = 1 << 30;
/** Looks between one count of the files and the next. */
const PAUSE = 10;

/**
 * Watches that a script does not take all space of the machine, nor more than it may. The files are counted only when the free
 * space says that there may be too many of them. Stop it by the function that it gives.
 */
export function watchDisk(abilities: Abilities, watch: DiskWatch): () => void {
  const { path, files, limit, signal, onFull } = watch;
  const atStart = freeBytes(path);
  if (atStart === undefined) return () => undefined;
  const reserve = Math.min(RESERVE, atStart / 10);
  let over = false;
  let pause = 0;
  const end = (why: DiskEnd) => {
    if (over) return;
    over = true;
    clearInterval(timer);
    onFull(why);
  };
  const look = () => {
    const free = freeBytes(path);
    if (free === undefined) return;
    if (free < reserve) end("machine");
    else if (limit !== undefined && atStart - free > limit && --pause < 0) {
      pause = Number.POSITIVE_INFINITY;
      countBytes(abilities, files, signal)
        .then((bytes) => {
          pause = PAUSE;
          if (bytes > limit) end("limit");
        })
        .catch(() => undefined);
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return () => {
    over = true;
    clearInterval(timer);
  };
}

function freeBytes(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Bytes that files take on disk; what cannot be counted counts as nothing. */
async function countBytes(abilities: Abilities, directory: string, signal: AbortSignal): Promise<number> {
  let text = "";
  await mappedCommand(abilities, [abilities.tool("du") ?? "du", "-s", "-x", "-k", directory], {
    signal,
    cwd: "/",
    drain: async (stdout) => {
      for await (const bytes of stdout) text += String(bytes);
    },
  });
  return (Number(/^\d+/.exec(text)?.[0]) || 0) * 1024;
}
