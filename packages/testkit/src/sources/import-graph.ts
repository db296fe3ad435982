import { posix } from "node:path";
import type { SourceFile } from "./read-sources.ts";

/** An import of one source file by another. */
export interface Edge {
  readonly from: string;
  /** Path of the file that is imported; for a package its `src/index.ts`. */
  readonly to: string;
  /** As written. */
  readonly written: string;
}

/** Which files import which, over all packages; third-party and built-in modules are left out. */
export interface ImportGraph {
  readonly files: ReadonlyMap<string, SourceFile>;
  edgesOf(file: string): readonly Edge[];
  /** Files from `start` to `end` along imports, the shortest way; undefined without one. */
  chain(start: string, end: string): readonly string[] | undefined;
  /** All files that these lead to, themselves included. */
  reachable(starts: Iterable<string>): ReadonlySet<string>;
}

/** Builds the graph; a relative import of a file that is not there is an edge to nowhere and stays in it. */
export function importGraph(sources: readonly SourceFile[]): ImportGraph {
  const files = new Map(sources.map((source) => [source.file, source]));
  const edges = new Map(sources.map((source) => [source.file, edgesFrom(source)]));
  const edgesOf = (file: string): readonly Edge[] => edges.get(file) ?? [];
  return {
    files,
    edgesOf,
    reachable: (starts) => new Set(cameFrom(starts, edgesOf).keys()),
    chain: (start, end) => {
      const before = cameFrom([start], edgesOf);
      if (!before.has(end)) return undefined;
      const path: string[] = [];
      for (let at: string | undefined = end; at !== undefined; at = before.get(at)) path.unshift(at);
      return path;
    },
  };
}

/** The package that an import names: `@imgbuild/x`, `imgbuild`, or a path below them; undefined for any other. */
export function packageOf(written: string): string | undefined {
  return /^@imgbuild\/([^/]+)/.exec(written)?.[1] ?? (/^imgbuild(\/|$)/.test(written) ? "imgbuild" : undefined);
}

function edgesFrom(source: SourceFile): Edge[] {
  return source.imports.flatMap((written): Edge[] => {
    const to = targetOf(source.file, written);
    return to === undefined ? [] : [{ from: source.file, to, written }];
  });
}

function targetOf(file: string, written: string): string | undefined {
  if (written.startsWith(".")) return posix.join(posix.dirname(file), written);
  const name = packageOf(written);
  return name === undefined ? undefined : `packages/${name}/src/index.ts`;
}

/** For each file that can be reached: the one before it on a shortest way. */
function cameFrom(
  starts: Iterable<string>,
  edgesOf: (file: string) => readonly Edge[],
): Map<string, string | undefined> {
  const before = new Map<string, string | undefined>();
  for (const start of starts) before.set(start, undefined);
  const queue = [...before.keys()];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const { to } of edgesOf(file)) {
      if (before.has(to)) continue;
      before.set(to, file);
      queue.push(to);
    }
  }
  return before;
}
