import type { DerivationId, Graph, PathArgs, TreeArgs } from "@imgbuild/graph";

/** A few words for a source, as its definition would say it: `path "//images/site/public"`. */
export function describeSource(id: DerivationId, graph: Graph): string {
  const derivation = graph.derivations.get(id);
  if (derivation === undefined) return "an unknown source";
  const place = derivation.position === null ? "" : ` (${derivation.position.file}:${derivation.position.line})`;
  if (derivation.kind === "path") return `path "//${(derivation.args as unknown as PathArgs).path}"`;
  if (derivation.kind === "tree") {
    const [first] = (derivation.args as unknown as TreeArgs).destinations;
    return `tree "/${first ?? ""}"${place}`;
  }
  return `a ${derivation.kind}${place}`;
}
