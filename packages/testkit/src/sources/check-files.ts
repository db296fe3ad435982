import type { AmbientException, LayerRow } from "../layers.ts";
import { shippedFiles } from "./check-layers.ts";
import { importGraph } from "./import-graph.ts";
import type { SourceFile } from "./read-sources.ts";

const MAX_LINES = 400;
const SILENCED_COMPILER = /@ts-(ignore|nocheck)/;

/** Every file that breaks a rule of all files: its length, `any`, default exports, silenced compilers, index files. */
export function checkFiles(sources: readonly SourceFile[]): readonly string[] {
  return sources.flatMap((source) => {
    const { file, text } = source;
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
    return [
      ...(lines > MAX_LINES ? [`${file} has ${lines} lines, at most ${MAX_LINES} are allowed`] : []),
      ...(source.usesAny ? [`${file} uses the type any`] : []),
      ...(source.hasDefaultExport ? [`${file} has a default export`] : []),
      ...(SILENCED_COMPILER.test(text) ? [`${file} silences the compiler`] : []),
      ...(/\/index\.ts$/.test(file) && !source.onlyReExports ? [`${file} does more than re-export`] : []),
    ];
  });
}

/** What the two lists of {@link checkAmbient} are. */
export interface AmbientRules {
  readonly layers: Readonly<Record<string, LayerRow>>;
  readonly exceptions: readonly AmbientException[];
}

/** Every shipped file of levels 0 to 3 that reads clock, environment, locale or user, and every exception nobody needs. */
export function checkAmbient(sources: readonly SourceFile[], { layers, exceptions }: AmbientRules): readonly string[] {
  const shipped = shippedFiles(importGraph(sources));
  const isLow = (name: string): boolean => {
    const level = layers[name]?.level;
    return typeof level === "number" && level <= 3;
  };
  const uses = sources
    .filter((source) => shipped.has(source.file) && isLow(source.package))
    .flatMap(({ file, ambient }) => ambient.map((use) => ({ file, use })));
  const excused = ({ file, use }: { file: string; use: string }): boolean =>
    exceptions.some((each) => each.file === file && each.use === use);
  const needless = exceptions.filter((each) => !uses.some((use) => use.file === each.file && use.use === each.use));
  return [
    ...uses.filter((use) => !excused(use)).map(({ file, use }) => `${file} uses ${use}: have it passed in`),
    ...needless.map(({ file, use }) => `${file} does not use ${use}: remove the exception`),
  ];
}
