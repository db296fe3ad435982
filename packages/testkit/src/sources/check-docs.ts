import { type ImportGraph, importGraph } from "./import-graph.ts";
import type { SourceFile } from "./read-sources.ts";

/** A name that a package gives to others, and where it is declared. */
export interface EntryExport {
  readonly package: string;
  readonly name: string;
  /** The file that declares it; undefined when it comes from a third party or cannot be found. */
  readonly file: string | undefined;
  readonly documented: boolean;
}

/** Everything that `src/index.ts` of the packages exports, with whether a docstring stands before its declaration. */
export function entryExports(sources: readonly SourceFile[]): readonly EntryExport[] {
  const graph = importGraph(sources);
  return sources
    .filter((source) => source.file === `packages/${source.package}/src/index.ts`)
    .flatMap((entry) =>
      namesOf(entry, graph).map(({ name, local, file }): EntryExport => {
        const text = file === undefined ? undefined : graph.files.get(file)?.text;
        const documented = text !== undefined && hasDocstring(text, local);
        return { package: entry.package, name, file, documented };
      }),
    );
}

interface Declared {
  readonly name: string;
  /** Its name in the file that declares it. */
  readonly local: string;
  readonly file: string | undefined;
}

function namesOf(source: SourceFile, graph: ImportGraph): readonly Declared[] {
  return source.exports.flatMap((exported): Declared[] => {
    const { name, local, from } = exported;
    if (from === undefined) return [{ name, local, file: source.file }];
    const to = graph.edgesOf(source.file).find((edge) => edge.written === from)?.to;
    const target = to === undefined ? undefined : graph.files.get(to);
    if (target === undefined) return [{ name, local, file: undefined }];
    const theirs = namesOf(target, graph);
    if (name === "*") return [...theirs];
    const found = theirs.find((each) => each.name === local);
    return [{ name, local: found?.local ?? local, file: found?.file }];
  });
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type) (?:\{([^}]*)\}|(\w+))/gm;

function hasDocstring(text: string, name: string): boolean {
  for (const match of text.matchAll(DECLARATION)) {
    const [, several, single] = match;
    if (single !== name && !(several ?? "").split(/[\s,:]+/).includes(name)) continue;
    if (
      /\*\/\s*$/.test(text.slice(0, match.index)) &&
      /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.test(text.slice(0, match.index))
    )
      return true;
  }
  return false;
}
