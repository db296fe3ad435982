import { fromUnknown, type ImgbuildError } from "@imgbuild/errors";
import type { DerivationId, Leaf, LeafReader, LeafReading } from "@imgbuild/graph";
import { type RunNode, withInputs } from "./run-node.ts";

/** What measuring leaves again found. */
export interface Remeasured {
  /** All leaves of the run, with the new ones in place of the old. */
  readonly leaves: ReadonlyMap<DerivationId, Leaf>;
  /** Nodes of leaves that are not what they were. */
  readonly changed: readonly RunNode[];
  /** Those that can no longer be read; among `changed`. */
  readonly errors: ReadonlyMap<RunNode, ImgbuildError>;
}

/** Measures every leaf below `node` again. Does not throw: a reader that does has failed for every leaf. */
export function measureAgain(node: RunNode, reader: LeafReader, before: ReadonlyMap<DerivationId, Leaf>): Remeasured {
  const below = [...withInputs(node)].filter((each) => reader.kinds.has(each.derivation.kind));
  const reading = read(below, reader);
  const leaves = new Map(before);
  const changed: RunNode[] = [];
  const errors = new Map<RunNode, ImgbuildError>();
  for (const each of below) {
    const { id } = each.derivation;
    const error = reading.errors.get(id);
    const leaf = reading.leaves.get(id);
    if (error !== undefined) errors.set(each, error);
    if (leaf !== undefined) leaves.set(id, leaf);
    if (error !== undefined || leaf?.digest !== before.get(id)?.digest) changed.push(each);
  }
  return { leaves, changed, errors };
}

function read(nodes: readonly RunNode[], reader: LeafReader): Pick<LeafReading, "leaves" | "errors"> {
  try {
    return reader.read(nodes.map((node) => node.derivation));
  } catch (thrown) {
    const error = fromUnknown(thrown, "Cannot measure the inputs again");
    return { leaves: new Map(), errors: new Map(nodes.map((node) => [node.derivation.id, error])) };
  }
}
