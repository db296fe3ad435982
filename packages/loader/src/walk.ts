import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";

/** What a walk leaves out beside `node_modules` and `.git`. */
export interface WalkOptions {
  /** Called for each file and symbolic link, with its path relative to the root. */
  file(path: string): void;
  /** Whether to go into a directory. */
  enter(path: string, name: string): boolean;
}

/** Walks the directories below `dir` (relative to `root`), in no order. What cannot be read is left out. */
export function walk(root: string, dir: string, options: WalkOptions): void {
  const waiting = [dir];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of list(join(root, next))) {
      const path = next === "" ? entry.name : `${next}/${entry.name}`;
      if (!entry.isDirectory()) {
        if (entry.isFile() || entry.isSymbolicLink()) options.file(path);
      } else if (entry.name !== "node_modules" && entry.name !== ".git" && options.enter(path, entry.name)) {
        waiting.push(path);
      }
    }
  }
}

function list(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}
