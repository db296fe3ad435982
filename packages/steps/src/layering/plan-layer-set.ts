import { ImgbuildError } from "@imgbuild/errors";
import type { Derivation, LayerSetArgs } from "@imgbuild/graph";
import type { BaseView, LayerEntry } from "@imgbuild/image";
import { subtractBase } from "../layer/base-entries.ts";
import { baseLayersOf } from "../layer/base-layers-runner.ts";
import type { LayerContext } from "../layer/layer-context.ts";
import { baseOf, nodesOver } from "../layer/plan-layer.ts";
import { sourceEntries } from "../tree/layer-entries.ts";
import { mergeTrees } from "../tree/merge-trees.ts";
import type { SourceNode } from "../tree/source-tree.ts";
import { splitByPopularity } from "./by-popularity.ts";
import { splitBySize } from "./by-size.ts";
import type { Group, Unit } from "./unit.ts";

/** One layer of a set, before it is packed. */
export interface PlannedLayer {
  readonly entries: readonly LayerEntry[];
  /** What is in it, for the image's history. */
  readonly line: string;
}

/**
 * The layers that a `layerSet` derivation stands for, bottom first. Of two units with one path the later wins, whatever
 * layers they come to. Layers that the base leaves empty are dropped. `mtime` is that of every member, in seconds.
 */
export function planLayerSet(derivation: Derivation, context: LayerContext, mtime: number): PlannedLayer[] {
  const args = derivation.args as unknown as LayerSetArgs;
  const baseId = args.hasBase ? derivation.inputs[args.units.length] : undefined;
  const limit = freeLayers(derivation, baseId === undefined ? 0 : baseLayersOf(baseId, context).length);
  const base = baseOf(baseId, context);
  const content = contentOf(derivation, { context, base });
  const units = args.units.map(({ name, dependsOn }, i): Unit => ({ name, dependsOn, size: content.sizes[i] ?? 0 }));
  return groupsOf(units, { args, limit })
    .map((group) => ({ entries: entriesOf(group, { content, base, args, mtime }), line: lineOf(units, group) }))
    .filter(({ entries }) => entries.length > 0);
}

/** Layers that may be added. Throws `definition` when the base leaves none. */
function freeLayers(derivation: Derivation, base: number): number {
  const { maxLayers, reserved, groups } = derivation.args as unknown as LayerSetArgs;
  const { atMost = maxLayers } = derivation.args as unknown as LayerSetArgs;
  const free = Math.min(maxLayers - base - reserved - groups.length, atMost);
  const isMore = (derivation.args as unknown as LayerSetArgs).units.length > new Set(groups.flat()).size;
  if (free >= (isMore ? 1 : 0)) return free;
  const own = groups.length + reserved + (isMore ? 1 : 0);
  const problem = `the base has ${base} of at most ${maxLayers} layers, and at least ${own} more ${own === 1 ? "is" : "are"} needed for contents`;
  throw new ImgbuildError("definition", `Cannot split the image into layers: ${problem}`, {
    position: derivation.position,
    hint: `Set maxLayers to ${base + own} or more, or take a base with fewer layers`,
  });
}

function groupsOf(
  units: readonly Unit[],
  { args, limit }: { readonly args: LayerSetArgs; readonly limit: number },
): Group[] {
  const placed = new Set(args.groups.flat());
  const free = units.map((_, i) => i).filter((i) => !placed.has(i));
  const isOnTop = (i: number) => args.units[i]?.onTop === true;
  const [below, above] = [free.filter((i) => !isOnTop(i)), free.filter(isOnTop)];
  const room = below.length === 0 ? limit : roomOnTop(above.length, limit);
  // A single layer has to hold both.
  if (room === 0) return [...args.groups, ...splitOf(units, free, { args, limit })];
  return [
    ...args.groups,
    ...splitOf(units, below, { args, limit: limit - room }),
    ...splitOf(units, above, { args, limit: room }),
  ];
}

/** Layers for units on top when there are others below: one each, but no more than half, and one below is left. */
function roomOnTop(units: number, limit: number): number {
  return Math.min(units, Math.ceil(limit / 2), limit - 1);
}

function splitOf(
  units: readonly Unit[],
  chosen: readonly number[],
  { args, limit }: { readonly args: LayerSetArgs; readonly limit: number },
): Group[] {
  const place = new Map(chosen.map((unit, i) => [unit, i]));
  const some = chosen.map((i): Unit => {
    const unit = units[i] as Unit;
    return { ...unit, dependsOn: unit.dependsOn.flatMap((other) => place.get(other) ?? []) };
  });
  const split = args.algorithm === "popularity" ? splitByPopularity(some, limit) : splitBySize(some, limit);
  return split.map((group) => group.map((i) => chosen[i] as number));
}

/** What all units come to together. */
interface Content {
  readonly nodes: ReadonlyMap<string, SourceNode>;
  /** Paths of each unit: its own files and links, and the directories it names. */
  readonly paths: readonly (readonly string[])[];
  /** Bytes of each unit as they are in the image. */
  readonly sizes: readonly number[];
}

function contentOf(
  derivation: Derivation,
  { context, base }: { readonly context: LayerContext; readonly base: BaseView | undefined },
): Content {
  const args = derivation.args as unknown as LayerSetArgs;
  const look = base === undefined || args.baseLinks === "replace" ? undefined : base;
  const ground = (path: string) => look?.get(path);
  const trees = args.units.map((_, i) => {
    const source = derivation.inputs[i];
    if (source === undefined) throw new ImgbuildError("internal", "Internal error: a unit without a source");
    return nodesOver(source, { ...context, base, args, derivation });
  });
  const owners = new Map<SourceNode, number>();
  trees.forEach((tree, unit) => {
    for (const node of tree.values()) if (node.type !== "directory") owners.set(node, unit);
  });
  const rule = { conflict: "last", context, position: derivation.position, ground } as const;
  const nodes = mergeTrees(trees, rule);
  const paths: string[][] = trees.map((tree) =>
    [...tree].flatMap(([path, node]) =>
      node.type === "directory" && nodes.get(path)?.type === "directory" ? [path] : [],
    ),
  );
  const sizes = trees.map(() => 0);
  for (const [path, node] of nodes) {
    const unit = owners.get(node);
    if (unit === undefined) continue;
    paths[unit]?.push(path);
    sizes[unit] = (sizes[unit] ?? 0) + HEADER + (node.content?.size ?? 0);
  }
  return { nodes, paths, sizes };
}

/** What a member costs beside its content. */
const HEADER = 512;

interface GroupOptions {
  readonly content: Content;
  readonly base: BaseView | undefined;
  readonly args: LayerSetArgs;
  readonly mtime: number;
}

function entriesOf(group: Group, { content, base, args, mtime }: GroupOptions): LayerEntry[] {
  const nodes = new Map<string, SourceNode>();
  for (const path of group.flatMap((unit) => content.paths[unit] ?? [])) {
    const node = content.nodes.get(path);
    if (node === undefined) continue;
    nodes.set(path, node);
    // A directory above that another unit describes is described here too: the upper layer's word counts.
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const above = content.nodes.get(path.slice(0, at));
      if (above !== undefined) nodes.set(path.slice(0, at), above);
    }
  }
  const entries = sourceEntries(nodes, args);
  const own = base === undefined ? entries : subtractBase(entries, { base, nodes });
  const { uname, gname } = args;
  return own.map(({ header, content: bytes }) => ({ header: { ...header, mtime, uname, gname }, content: bytes }));
}

const LINE = 300;

function lineOf(units: readonly Unit[], group: Group): string {
  const names = group.map((unit) => units[unit]?.name ?? "");
  const all = names.join(", ");
  return all.length <= LINE ? all : `${names.length} units: ${[...all].slice(0, LINE).join("")}...`;
}
