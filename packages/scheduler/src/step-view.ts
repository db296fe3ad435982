import { ImgbuildError } from "@imgbuild/errors";
import type { DerivationId, Graph, Leaf, Output, ResolvedKey, Step } from "@imgbuild/graph";
import { type RunNode, withInputs } from "./run-node.ts";

/** What a step may see of a run. */
export interface StepViewOptions {
  readonly key: ResolvedKey;
  readonly graph: Graph;
  readonly nodes: ReadonlyMap<DerivationId, RunNode>;
  /** Leaves as they were when the key was computed; never changed afterwards. */
  readonly leaves: ReadonlyMap<DerivationId, Leaf>;
  readonly signal: AbortSignal;
  readonly progress: Step["progress"];
  print(source: string, lines: readonly string[]): void;
}

/**
 * The step that a runner is given: it sees only what is below it, and only as long as that is what its key says. Once
 * a leaf below was found changed, every question is answered with `input-changed`.
 */
export function stepView(node: RunNode, options: StepViewOptions): Step {
  const { key, graph, signal } = options;
  const { generation } = node;
  let below: ReadonlySet<RunNode> | undefined;

  const find = (id: DerivationId): RunNode => {
    if (node.generation !== generation) throw changed(node.label);
    const found = options.nodes.get(id);
    // A direct input needs no walk: an image step asks for its layers, not for the thousands of files below.
    if (found !== undefined && (found === node || node.inputs.includes(found))) return found;
    below ??= withInputs(node);
    if (found !== undefined && below.has(found)) return found;
    throw new ImgbuildError("internal", `Internal error: step "${node.derivation.id}" does not depend on "${id}"`);
  };

  return {
    derivation: node.derivation,
    label: node.label,
    key,
    graph,
    signal,
    leaf(id) {
      find(id);
      const leaf = options.leaves.get(id);
      if (leaf !== undefined) return leaf;
      throw new ImgbuildError("internal", `Internal error: "${id}" is no leaf, or was not measured`);
    },
    output(id): Output {
      const { output } = find(id);
      if (output !== undefined) return output;
      throw new ImgbuildError("internal", `Internal error: "${id}" has no output yet`);
    },
    progress: (bytes, total) => options.progress(bytes, total),
    print: (source, lines) => options.print(source, lines),
  };
}

function changed(label: string): ImgbuildError {
  return new ImgbuildError("input-changed", `Cannot build "${label}": an input changed while it was read`);
}
