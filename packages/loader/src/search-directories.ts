import { type Dirent, readdirSync, statSync } from "node:fs";
import type { EvaluationCache } from "./saved-evaluation.ts";

/** How a tree of directories is searched. */
export interface Search {
  /** Absolute path of the directory where it begins. */
  readonly root: string;
  /** The bits that the name of a file or link stands for; 0 for what is not looked for. */
  looksFor(name: string): number;
  /** Called for each directory with its path relative to `root` and the bits in it. Says whether what is below matters. */
  visit(relative: string, marks: number): boolean;
  /** Whether a directory is gone into, by its path relative to `root` and its name. */
  enter(relative: string, name: string): boolean;
}

/** What a search remembers from one run to the next, and the clock that tells what is too young to be trusted. */
export interface SearchMemory {
  readonly cache: EvaluationCache | undefined;
  /** What this search is remembered under. */
  readonly key: string;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * A directory as it was listed: its mtimeMs, ctimeMs and inode then (-1 when they prove nothing), the bits of its files, and
 * its sub-directories by name.
 */
type Listed = readonly [mtimeMs: number, ctimeMs: number, inode: number, marks: number, below: readonly Below[]];
type Below = readonly [name: string, listed: Listed];

const UNKNOWN: Listed = [-1, 0, 0, 0, []];

/** A directory that changed so shortly before may change again under the same time: kernel ticks, whole seconds. */
const RACY_MS = 20;
const RACY_COARSE_MS = 2_000;

/**
 * Searches a tree of directories. One whose own times and inode are as they were has the same names in it, so it is not
 * listed again. Links to directories are not followed; what cannot be read is taken as empty.
 */
export function searchDirectories(search: Search, memory: SearchMemory): void {
  const walk = new Walk(search, memory);
  const found = walk.go("", parse(memory.cache?.get(memory.key)) ?? UNKNOWN);
  if (walk.learned) memory.cache?.set(memory.key, JSON.stringify(found));
}

class Walk {
  /** Whether anything was listed. */
  learned = false;
  readonly #search: Search;
  readonly #memory: SearchMemory;

  constructor(search: Search, memory: SearchMemory) {
    this.#search = search;
    this.#memory = memory;
  }

  go(relative: string, before: Listed): Listed {
    const path = relative === "" ? this.#search.root : `${this.#search.root}/${relative}`;
    const [mtimeMs, ctimeMs, inode, marks, below] = this.#look(path, before);
    if (!this.#search.visit(relative, marks)) return [mtimeMs, ctimeMs, inode, marks, below];
    const prefix = relative === "" ? "" : `${relative}/`;
    const deeper = below.map(([name, known]): Below => {
      const inside = `${prefix}${name}`;
      return [name, this.#search.enter(inside, name) ? this.go(inside, known) : known];
    });
    return [mtimeMs, ctimeMs, inode, marks, deeper];
  }

  #look(path: string, before: Listed): Listed {
    const now = this.#memory.now();
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && stat.mtimeMs === before[0] && stat.ctimeMs === before[1] && stat.ino === before[2]) {
      return before;
    }
    this.learned = true;
    const known = new Map(before[4]);
    let marks = 0;
    const below: Below[] = [];
    for (const entry of list(path)) {
      if (entry.isDirectory()) below.push([entry.name, known.get(entry.name) ?? UNKNOWN]);
      else if (entry.isFile() || entry.isSymbolicLink()) marks |= this.#search.looksFor(entry.name);
    }
    if (stat === undefined) return [-1, 0, 0, marks, below];
    const coarse = stat.mtimeMs % 1000 === 0 && stat.ctimeMs % 1000 === 0;
    const young = Math.max(stat.mtimeMs, stat.ctimeMs) > now - (coarse ? RACY_COARSE_MS : RACY_MS);
    // Some file systems keep no time for the top directory: it says 1970 whatever happens in it.
    const sure = !young && stat.mtimeMs > 0;
    return [sure ? stat.mtimeMs : -1, stat.ctimeMs, stat.ino, marks, below];
  }
}

/** Sub-directories come in the order of the disk: a search sorts what it finds. */
function list(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

function parse(text: string | undefined): Listed | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Listed;
  } catch {
    return undefined;
  }
}
