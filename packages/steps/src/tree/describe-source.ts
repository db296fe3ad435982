import { redactUrl } from "@imgbuild/fetch";
import type { Derivation, DerivationId, FetchUrlOrigin, Graph, PathArgs, TreeArgs } from "@imgbuild/graph";
import { commandOf } from "../command/command-args.ts";

/** A few words for a source, as its definition would say it: `path "//images/site/public"`. */
export function describeSource(id: DerivationId, graph: Graph): string {
  const derivation = graph.derivations.get(id);
  if (derivation === undefined) return "an unknown source";
  const place = derivation.position === null ? "" : ` (${derivation.position.file}:${derivation.position.line})`;
  if (derivation.kind === "path") return `path "//${(derivation.args as unknown as PathArgs).path}"`;
  if (derivation.kind === "fetchUrl") return `the download of ${addressOf(derivation)}${place}`;
  if (derivation.kind === "runCommand") return `what the command "${commandOf(derivation).title}" made${place}`;
  if (derivation.kind === "tree") {
    const [first] = (derivation.args as unknown as TreeArgs).destinations;
    return `tree "/${first ?? ""}"${place}`;
  }
  return `a ${derivation.kind}${place}`;
}

function addressOf({ origin }: Derivation): string {
  const { urls } = JSON.parse(origin ?? '{"urls":[]}') as FetchUrlOrigin;
  return `"${redactUrl(urls[0] ?? "")}"`;
}
