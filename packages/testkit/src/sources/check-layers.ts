import type { LayerRow } from "../layers.ts";
import { type Edge, type ImportGraph, importGraph, packageOf } from "./import-graph.ts";
import type { SourceFile } from "./read-sources.ts";

/** Every import that the table does not allow, and every circle of files: one text each, with the chain of imports. */
export function checkLayers(
  sources: readonly SourceFile[],
  layers: Readonly<Record<string, LayerRow>>,
): readonly string[] {
  const graph = importGraph(sources);
  const shipped = shippedFiles(graph);
  const packages = [...new Set(sources.map((source) => source.package))];
  const strangers = packages.filter((name) => !Object.hasOwn(layers, name));
  return [
    ...strangers.map((name) => `packages/${name} has no row in the layer table`),
    ...Object.entries(layers).flatMap(([name, row]) => upwardRows(name, row, layers)),
    ...sources.flatMap((source) =>
      graph.edgesOf(source.file).flatMap((edge) => edgeProblems(edge, { source, graph, layers, shipped })),
    ),
    ...circles(graph),
  ];
}

/** Files that a user gets: what an entry leads to. The rest is tests and what only tests import. */
export function shippedFiles(graph: ImportGraph): ReadonlySet<string> {
  const entries = [...graph.files.keys()].filter((file) =>
    /^packages\/[^/]+\/src\/(.*\/)?(index|main)\.ts$/.test(file),
  );
  return graph.reachable(entries);
}

interface Scene {
  readonly source: SourceFile;
  readonly graph: ImportGraph;
  readonly layers: Readonly<Record<string, LayerRow>>;
  readonly shipped: ReadonlySet<string>;
}

function edgeProblems(edge: Edge, scene: Scene): string[] {
  const { source, graph, layers, shipped } = scene;
  const problems: string[] = [];
  const to = edge.to.split("/")[1] ?? "";
  if (!graph.files.has(edge.to)) problems.push(`${edge.from} imports "${edge.written}": there is no such file`);
  if (to === source.package) {
    if (packageOf(edge.written) !== undefined && !source.isTest) {
      problems.push(`${edge.from} imports its own package by name`);
    }
    return problems;
  }
  const byName = packageOf(edge.written) !== undefined && !/^(@imgbuild\/[^/]+|imgbuild)\/./.test(edge.written);
  if (!byName) problems.push(`${edge.from} reaches into ${to}: "${edge.written}"`);
  const forTests = !shipped.has(edge.from) && to === "testkit";
  const row = layers[source.package];
  if (!forTests && row !== undefined && !row.mayImport.includes(to)) {
    problems.push(`${source.package} may not import ${to}: ${chainTo(edge, graph)}`);
  }
  return problems;
}

function chainTo(edge: Edge, graph: ImportGraph): string {
  const entry = `packages/${edge.from.split("/")[1]}/src/index.ts`;
  return [...(graph.chain(entry, edge.from) ?? [edge.from]), edge.to].join(" -> ");
}

function upwardRows(name: string, row: LayerRow, layers: Readonly<Record<string, LayerRow>>): string[] {
  return row.mayImport.flatMap((other) => {
    const level = layers[other]?.level;
    if (level === undefined) return [`The row of ${name} names ${other}, which has none itself`];
    const upward =
      level === "dev" || (row.level !== "dev" && (level > row.level || (level === row.level && level !== 0)));
    return upward ? [`The row of ${name} (level ${row.level}) names ${other} (level ${level})`] : [];
  });
}

/** One text for each file that leads back to itself, shortest circles only, each circle once. */
function circles(graph: ImportGraph): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const file of graph.files.keys()) {
    if (seen.has(file)) continue;
    const ways = graph.edgesOf(file).flatMap(({ to }) => {
      const back = graph.chain(to, file);
      return back === undefined ? [] : [back];
    });
    const shortest = ways.sort((a, b) => a.length - b.length)[0];
    if (shortest === undefined) continue;
    for (const member of shortest) seen.add(member);
    found.push(`Circle of imports: ${[file, ...shortest].join(" -> ")}`);
  }
  return found;
}
