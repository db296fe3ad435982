import { hash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";
import type {
  Derivation,
  DerivationId,
  DirectoryArgs,
  FileArgs,
  Graph,
  LinkArgs,
  MergeArgs,
  SelectArgs,
  TreeArgs,
} from "@imgbuild/graph";
import { STORED_TREE_KINDS } from "@imgbuild/graph";
import type { SweptTree } from "../path/swept-tree.ts";
import { copyDirectoryLinks } from "./copy-links.ts";
import { describeSource } from "./describe-source.ts";
import type { Look } from "./follow-links.ts";
import { mergeTrees } from "./merge-trees.ts";
import { plainDirectory, type SourceNode, type SourceTree } from "./source-tree.ts";
import { sweptNodes } from "./swept-nodes.ts";

/** What resolving needs: the graph, and what the sweeps found. */
export interface ResolveContext {
  readonly graph: Graph;
  readonly swept: (id: DerivationId) => SweptTree;
  /** The tree that a step of a stored kind made. */
  readonly stored?: ((id: DerivationId) => SourceTree) | undefined;
  /** What is below the tree: a directory that meets a link to a directory there goes through it. */
  readonly ground?: Look | undefined;
  /** Copies the directory that a link of a path leads to, in place of the link. */
  readonly copyLinks?: boolean | undefined;
}

type Resolver = (derivation: Derivation, context: ResolveContext) => SourceTree;

const RESOLVERS: Readonly<Record<string, Resolver>> = {
  path: resolvePath,
  file: resolveFile,
  link: resolveLink,
  directory: resolveDirectory,
  tree: resolvePlacement,
  merge: resolveMerge,
  select: resolveSelection,
};

/** Kinds that are steps of their own, and keep the files they stand for in the store. */
const STORED: ReadonlySet<string> = new Set(STORED_TREE_KINDS);

const NOTHING: Look = () => undefined;

/** The derivation kinds that stand for files. */
export const TREE_KINDS: readonly string[] = Object.keys(RESOLVERS);

/** The files that a source derivation stands for. Throws `conflict` where two sources disagree. */
export function resolveTree(id: DerivationId, context: ResolveContext): SourceTree {
  const derivation = context.graph.derivations.get(id);
  if (derivation !== undefined && STORED.has(derivation.kind) && context.stored !== undefined)
    return context.stored(id);
  const resolver = derivation === undefined ? undefined : RESOLVERS[derivation.kind];
  if (derivation === undefined || resolver === undefined) {
    throw new ImgbuildError("internal", `Internal error: ${derivation?.kind ?? id} is no source of files`);
  }
  return resolver(derivation, context);
}

function resolvePath(derivation: Derivation, context: ResolveContext): SourceTree {
  const tree = sweptNodes(context.swept(derivation.id), derivation.id);
  return tree.kind === "single" || context.copyLinks !== true
    ? tree
    : { ...tree, nodes: copyDirectoryLinks(tree.nodes) };
}

function resolveFile(derivation: Derivation): SourceTree {
  const { text, mode } = derivation.args as unknown as FileArgs;
  const bytes = Buffer.from(text);
  const content =
    bytes.length === 0
      ? undefined
      : ({ kind: "bytes", bytes, size: bytes.length, sha256: hash("sha256", bytes, "hex") } as const);
  const node: SourceNode = { ...plainDirectory(derivation.id), type: "file", mode, content };
  return { kind: "single", name: undefined, node };
}

function resolveLink(derivation: Derivation): SourceTree {
  const { target } = derivation.args as unknown as LinkArgs;
  return { kind: "single", name: undefined, node: { ...plainDirectory(derivation.id), type: "symlink", target } };
}

function resolveDirectory(derivation: Derivation): SourceTree {
  const { mode } = derivation.args as unknown as DirectoryArgs;
  return { kind: "root", self: { ...plainDirectory(derivation.id), mode }, nodes: new Map() };
}

function resolvePlacement(derivation: Derivation, context: ResolveContext): SourceTree {
  const args = derivation.args as unknown as TreeArgs;
  // What is below the image's root says nothing of what is below a destination.
  const inner = { ...context, ground: undefined };
  const placed = derivation.inputs.map((input, i) => {
    const nodes = place(resolveTree(input, inner), args.destinations[i] ?? "");
    if (args.uid === null && args.gid === null && args.mode === null) return nodes;
    return new Map([...nodes].map(([path, node]) => [path, owned(node, args)]));
  });
  const nodes = mergeTrees(placed, { conflict: "error", context, position: derivation.position });
  const placedRoot = nodes.get("");
  const self = placedRoot ?? owned(plainDirectory(derivation.id), args);
  nodes.delete("");
  return { kind: "root", self, nodes, implied: placedRoot === undefined };
}

/** The nodes of a tree under a destination; the destination itself is among them, as "" for the root. */
function place(tree: SourceTree, destination: string): Map<string, SourceNode> {
  if (tree.kind === "single") return new Map([[destination, tree.node]]);
  if (destination === "") return tree.implied ? tree.nodes : tree.nodes.set("", tree.self);
  const nodes = new Map<string, SourceNode>([[destination, tree.self]]);
  for (const [path, node] of tree.nodes) nodes.set(`${destination}/${path}`, node);
  return nodes;
}

function owned(node: SourceNode, args: TreeArgs): SourceNode {
  const mode = node.type === "file" ? (args.mode ?? node.mode) : node.mode;
  return { ...node, uid: args.uid ?? node.uid, gid: args.gid ?? node.gid, mode };
}

function resolveMerge(derivation: Derivation, context: ResolveContext): SourceTree {
  const { conflict } = derivation.args as unknown as MergeArgs;
  const trees = derivation.inputs.map((input) => rootNodes(resolveTree(input, context), context));
  const ground = context.ground ?? NOTHING;
  const nodes = mergeTrees(trees, { conflict, context, position: derivation.position, ground });
  const self = nodes.get("") ?? plainDirectory(derivation.id);
  nodes.delete("");
  return { kind: "root", self, nodes };
}

function resolveSelection(derivation: Derivation, context: ResolveContext): SourceTree {
  const { path } = derivation.args as unknown as SelectArgs;
  const [input] = derivation.inputs;
  const tree = input === undefined ? undefined : resolveTree(input, { ...context, ground: undefined });
  const node = tree?.kind === "root" ? tree.nodes.get(path) : undefined;
  if (tree?.kind !== "root" || node === undefined) {
    throw new ImgbuildError("input-missing", `Cannot take "${path}" of ${describe(input, context)}: there is none`, {
      position: derivation.position,
    });
  }
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (node.type !== "directory") return { kind: "single", name, node };
  const below = [...tree.nodes].filter(([at]) => at.startsWith(`${path}/`));
  return { kind: "root", self: node, nodes: new Map(below.map(([at, each]) => [at.slice(path.length + 1), each])) };
}

function describe(id: DerivationId | undefined, { graph }: ResolveContext): string {
  return id === undefined ? "nothing" : describeSource(id, graph);
}

/**
 * A tree as the content of a root directory: a single file from a path stands under its own name. Throws `definition`
 * for inline content, which has no name.
 */
export function rootNodes(tree: SourceTree, context: ResolveContext): Map<string, SourceNode> {
  if (tree.kind === "root") return place(tree, "");
  if (tree.name !== undefined) return new Map([[tree.name, tree.node]]);
  const derivation = context.graph.derivations.get(tree.node.author);
  throw new ImgbuildError(
    "definition",
    `Cannot place ${describe(derivation?.id, context)} at the root: it has no path`,
    {
      position: derivation?.position,
      hint: 'Say where it goes: tree({ "/etc/motd": text("hi") })',
    },
  );
}
