import type { LockFile } from "../lock/lock-file.ts";
import { lockError } from "../lock/lock-source.ts";
import type { PackageGraph } from "./package-graph.ts";
import type { Tools } from "./reach.ts";

/**
 * What to take beside the dependencies of production: nothing, all dev dependencies, or some tools by name. Throws `definition`
 * for a name that neither the workspace nor the root depends on.
 */
export function toolsOf(
  lock: LockFile,
  {
    graph,
    workspace,
    dependencies = "production",
  }: {
    readonly graph: PackageGraph;
    readonly workspace: string;
    readonly dependencies: "production" | "all" | readonly string[] | undefined;
  },
): boolean | Tools {
  if (typeof dependencies === "string") return dependencies === "all";
  const [own, ofRoot] = [new Set<string>(), new Set<string>()];
  const [mine, roots] = [namesOf(graph, workspace), namesOf(graph, "")];
  const unknown: string[] = [];
  for (const name of dependencies) {
    if (mine.has(name)) own.add(name);
    else if (roots.has(name)) ofRoot.add(name);
    else unknown.push(JSON.stringify(name));
  }
  if (unknown.length === 0) return { workspace, own, ofRoot };
  const nobody = workspace === "" ? "the root does not depend" : "neither the workspace nor the root depends";
  throw lockError(lock.source, `${nobody} on ${unknown.join(", ")}`, {
    key: workspace,
    code: "definition",
    hint: `Add it with \`${lock.kind} install --save-dev\`, or take it off the list "dependencies"`,
  });
}

function namesOf(graph: PackageGraph, installPath: string): ReadonlySet<string> {
  return new Set(graph.node(installPath).edges.map((edge) => edge.name));
}
