import { ImgbuildError } from "@imgbuild/errors";
import { byCodeUnit, type Derivation, type DerivationId, derivationId, type Graph, type Target } from "@imgbuild/graph";

/** A node of a fake graph. Inputs are names of nodes that come before it. */
export type FakeNode =
  /** Reads one file of the fake world; inline, as `path` is. */
  | { readonly kind: "fake-leaf"; readonly name: string }
  /** Inline, as `tree` is. */
  | { readonly kind: "fake-inline"; readonly name: string; readonly inputs: readonly string[] }
  /** Cached. With `coarse`, most changes of its inputs leave its output as it was. */
  | {
      readonly kind: "fake-step";
      readonly name: string;
      readonly inputs: readonly string[];
      readonly coarse?: boolean | undefined;
      /** Part of the recipe alone: two steps that differ in it only by name have one key. */
      readonly recipe?: string | undefined;
    };

/** A graph of fake nodes, and the ids of its nodes by name. */
export interface FakeGraph {
  readonly graph: Graph;
  id(name: string): DerivationId;
  target(label: string): Target;
}

/** Makes a graph; `targets` gives the node of each label. Nodes with equal recipes are one derivation. */
export function fakeGraph(nodes: readonly FakeNode[], targets: Readonly<Record<string, string>>): FakeGraph {
  const derivations = new Map<DerivationId, Derivation>();
  const ids = new Map<string, DerivationId>();
  const id = (name: string): DerivationId => found(ids.get(name), name);
  for (const node of nodes) {
    const inputs = node.kind === "fake-leaf" ? [] : node.inputs.map(id);
    const args =
      node.kind === "fake-step"
        ? { recipe: node.recipe ?? node.name, coarse: node.coarse ?? false }
        : node.kind === "fake-leaf"
          ? { path: node.name }
          : { recipe: node.name };
    const recipe = { kind: node.kind, args, inputs };
    const made = derivationId(recipe);
    derivations.set(made, { ...recipe, id: made, position: { file: `${node.name}.ts`, line: 1, column: 1 } });
    ids.set(node.name, made);
  }
  const list = Object.entries(targets)
    .map(([label, name]): Target => ({ label, derivation: id(name), image: null, position: null }))
    .sort((a, b) => byCodeUnit(a.label, b.label));
  const target = (label: string): Target =>
    found(
      list.find((each) => each.label === label),
      label,
    );
  return { graph: { derivations, targets: list }, id, target };
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new ImgbuildError("internal", `Internal error: the fake graph has no "${name}"`);
  return value;
}
