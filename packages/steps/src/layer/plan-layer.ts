import { ImgbuildError } from "@imgbuild/errors";
import type { Derivation, DerivationId, LayerArgs } from "@imgbuild/graph";
import type { BaseView, LayerEntry } from "@imgbuild/image";
import { sourceEntries } from "../tree/layer-entries.ts";
import { meeting } from "../tree/merge-trees.ts";
import { resolveTree, rootNodes } from "../tree/resolve-tree.ts";
import type { SourceNode, SourceTree } from "../tree/source-tree.ts";
import { storedNodes } from "../tree/stored-nodes.ts";
import { throughLinks } from "../tree/through-links.ts";
import { subtractBase } from "./base-entries.ts";
import { baseLayersOf } from "./base-layers-runner.ts";
import type { LayerContext } from "./layer-context.ts";

/** The members of the layer that a `layer` derivation stands for: what its base lacks. */
export function layerMembers(derivation: Derivation, context: LayerContext): LayerEntry[] {
  const args = derivation.args as unknown as LayerArgs;
  const [source, baseId] = derivation.inputs;
  if (source === undefined) throw new ImgbuildError("internal", "Internal error: a layer without a source");
  const base = baseOf(args.hasBase ? baseId : undefined, context);
  const nodes = nodesOver(source, { ...context, base, args, derivation });
  const entries = sourceEntries(nodes, args);
  return base === undefined ? entries : subtractBase(entries, { base, nodes });
}

/** The base that a `base-layers` derivation stands for, as a container sees it; undefined for none. */
export function baseOf(id: DerivationId | undefined, context: LayerContext): BaseView | undefined {
  if (id === undefined) return undefined;
  const layers = baseLayersOf(id, context);
  return context.indexes.view(layers.map((layer) => layer.diffId));
}

/** What decides how a source lies over a base. */
export interface Over extends LayerContext {
  readonly base: BaseView | undefined;
  readonly args: Pick<LayerArgs, "keepContentsDirlinks" | "baseLinks">;
  readonly derivation: Derivation;
}

/** The nodes of a source where they come to be over a base. */
export function nodesOver(source: DerivationId, over: Over): Map<string, SourceNode> {
  const { base, args, derivation } = over;
  const look = base === undefined || args.baseLinks === "replace" ? undefined : (path: string) => base.get(path);
  const { graph, swept } = over;
  const stored = (id: DerivationId) => storedTree(id, over);
  const resolve = { graph, swept, stored, ground: look, copyLinks: !args.keepContentsDirlinks };
  const nodes = rootNodes(resolveTree(source, resolve), resolve);
  if (look === undefined) return nodes;
  return throughLinks(nodes, { look, meet: meeting({ context: over, position: derivation.position }) });
}

/** The tree that a step below made and put into the store. */
function storedTree(id: DerivationId, { outputOf, store }: LayerContext): SourceTree {
  const output = outputOf(id);
  if (output !== undefined) return storedNodes(store, output, id);
  throw new ImgbuildError("internal", "Internal error: what a step below made is not known");
}
