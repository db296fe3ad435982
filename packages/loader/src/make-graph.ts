import type { EncodedNode } from "@imgbuild/define";
import { combineErrors, ImgbuildError, type Position } from "@imgbuild/errors";
import {
  byCodeUnit,
  type Derivation,
  type DerivationId,
  derivationId,
  type FetchUrlOrigin,
  formatLabel,
  type Graph,
  type Target,
} from "@imgbuild/graph";
import { directoryOf } from "./discover.ts";
import type { EncodedTarget } from "./guest/protocol.ts";

/** The label of an export of a definition. */
export function labelOf(file: string, name: string): string {
  return formatLabel({ dir: directoryOf(file), name: name === "default" ? null : name });
}

/** Makes the graph from encoded nodes (inputs first): equal recipes become one derivation. */
export function makeGraph(
  nodes: readonly EncodedNode[],
  exported: readonly EncodedTarget[],
  place: (raw: string | null) => Position | null,
): Graph {
  const derivations = new Map<DerivationId, Derivation>();
  const ids: DerivationId[] = [];
  for (const node of nodes) {
    const inputs = node.inputs.map((index) => ids[index] ?? unknownNode(index));
    const { kind, args, origin } = node;
    const id = derivationId({ kind, args, inputs });
    ids.push(id);
    const known = derivations.get(id);
    if (known !== undefined) {
      if (kind === "fetchUrl") derivations.set(id, { ...known, origin: allMirrors(known.origin, origin) });
      continue;
    }
    const from = origin === undefined ? {} : { origin };
    derivations.set(id, { id, kind, args, inputs, position: place(node.position), ...from });
  }
  const targets = exported.map((target): Target => {
    const node = nodes[target.node];
    return {
      label: labelOf(target.file, target.name),
      derivation: ids[target.node] ?? unknownNode(target.node),
      image: node?.image ?? null,
      position: place(node?.position ?? null),
    };
  });
  targets.sort((a, b) => byCodeUnit(a.label, b.label));
  return { derivations, targets };
}

/** One file that two definitions fetch may be had from the mirrors of both. */
function allMirrors(a: string | undefined, b: string | undefined): string {
  const [first, second] = [a, b].map((origin) => JSON.parse(origin ?? '{"urls":[]}') as Partial<FetchUrlOrigin>);
  const urls = [...new Set([...(first?.urls ?? []), ...(second?.urls ?? [])])];
  const maxBytes = Math.max(first?.maxBytes ?? 0, second?.maxBytes ?? 0);
  return JSON.stringify({ ...first, urls, maxBytes });
}

/** Throws `conflict` when two targets that differ claim one name:tag. */
export function checkNames(targets: readonly Target[]): void {
  const owners = new Map<string, Target>();
  const errors: ImgbuildError[] = [];
  for (const target of targets) {
    if (target.image === null || target.image.tag === null) continue;
    const reference = `${target.image.name.toLowerCase()}:${target.image.tag}`;
    const other = owners.get(reference);
    if (other === undefined) owners.set(reference, target);
    else if (other.derivation !== target.derivation) {
      const where =
        other.position === null ? "" : ` (${other.position.file}:${other.position.line}:${other.position.column})`;
      const message = `Cannot name two images "${reference}": ${other.label}${where} and ${target.label} both claim it`;
      const hint = "Give one of them another name or tag, or leave the tag out";
      errors.push(new ImgbuildError("conflict", message, { hint, position: target.position }));
    }
  }
  if (errors.length > 0) throw combineErrors(errors);
}

function unknownNode(index: number): never {
  throw new ImgbuildError("internal", `Internal error: an evaluation names the node ${index}, which it does not hold`);
}
