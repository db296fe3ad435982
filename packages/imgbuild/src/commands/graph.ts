import type { DerivationId, Graph } from "@imgbuild/graph";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { evaluateTargets } from "../session/prepare.ts";
import { withSession } from "../session/session.ts";

/** A target, and the targets that it is directly built on. */
interface Row {
  readonly label: string;
  readonly needs: readonly string[];
}

/** `imgbuild graph`: targets and what they are built on, as dot, mermaid or JSON. */
export function runGraph(flags: Flags, host: Host): Promise<number> {
  return withSession(flags, host, async (session) => {
    const { labels } = await evaluateTargets(session, flags.labels.length === 0 ? ["//..."] : flags.labels);
    // What they are built on may stand in definitions that were not named.
    const { graph } = await evaluateTargets(session, ["//..."]);
    const rows = withNeeded(graph, labels);
    if (flags.json)
      for (const row of rows) host.stdout.write(`${JSON.stringify({ v: 1, type: "graph.target", ...row })}\n`);
    else host.stdout.write(WRITERS[flags.as](rows));
    return 0;
  });
}

const WRITERS: Readonly<Record<Flags["as"], (rows: readonly Row[]) => string>> = {
  dot: (rows) => `digraph imgbuild {\n  rankdir=LR;\n${lines(rows, dotNode, dotEdge)}}\n`,
  mermaid: (rows) => {
    const ids = new Map(rows.map((row, i) => [row.label, `t${i}`]));
    const id = (label: string): string => ids.get(label) ?? "";
    return `flowchart LR\n${lines(
      rows,
      (label) => `${id(label)}["${label.replaceAll('"', "#quot;")}"]`,
      (from, to) => `${id(from)} --> ${id(to)}`,
    )}`;
  },
  json: (rows) => `${JSON.stringify({ targets: rows }, null, 2)}\n`,
};

function dotNode(label: string): string {
  return `${JSON.stringify(label)};`;
}

function dotEdge(from: string, to: string): string {
  return `${JSON.stringify(from)} -> ${JSON.stringify(to)};`;
}

function lines(
  rows: readonly Row[],
  node: (label: string) => string,
  edge: (from: string, to: string) => string,
): string {
  const edges = rows.flatMap(({ label, needs }) => needs.map((need) => edge(label, need)));
  return [...rows.map(({ label }) => node(label)), ...edges].map((line) => `  ${line}\n`).join("");
}

/** Rows of these labels and of all they are built on, in the order of the graph's targets. */
function withNeeded(graph: Graph, labels: readonly string[]): readonly Row[] {
  const labelOf = new Map<DerivationId, string>();
  for (const target of graph.targets) if (!labelOf.has(target.derivation)) labelOf.set(target.derivation, target.label);
  const all = new Map(
    graph.targets.map(({ label, derivation }) => [label, nearestTargets(graph, derivation, labelOf)]),
  );
  const wanted = new Set(labels);
  // A Set iterates what is added on the way.
  for (const label of wanted) for (const need of all.get(label) ?? []) wanted.add(need);
  return [...all].filter(([label]) => wanted.has(label)).map(([label, needs]) => ({ label, needs }));
}

/** The targets first met below a derivation. */
function nearestTargets(
  graph: Graph,
  from: DerivationId,
  labelOf: ReadonlyMap<DerivationId, string>,
): readonly string[] {
  const found = new Set<string>();
  const seen = new Set(graph.derivations.get(from)?.inputs ?? []);
  for (const id of seen) {
    const label = labelOf.get(id);
    if (label !== undefined) found.add(label);
    else for (const input of graph.derivations.get(id)?.inputs ?? []) seen.add(input);
  }
  return [...found].sort();
}
