import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import { atPosition, fromUnknown, ImgbuildError, systemCode } from "@imgbuild/errors";
import { type Derivation, type DerivationId, encodeNode, hashParts, type Leaf, type PathArgs } from "@imgbuild/graph";
import type { WorkThreads } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import { FileHasher } from "./file-hasher.ts";
import { type DirectoryRecord, unpackDirectory } from "./packed-directory.ts";
import { makeSelection, selectionId } from "./selection.ts";
import { StatAhead } from "./stat-ahead.ts";
import { keepNode, merkleEntries, type SweepContext, scanDirectory, settle } from "./sweep-directory.ts";
import { scanFile } from "./sweep-file.ts";
import type { SweepCounters, SweptDirectory, SweptTree } from "./swept-tree.ts";

/** What a sweeper needs from outside. */
export interface SweeperOptions {
  readonly store: Store;
  /** Absolute, without symbolic links. */
  readonly workspaceRoot: string;
  /** Absolute directories that are never packed. */
  readonly hidden: ReadonlySet<string>;
  readonly now: () => number;
  readonly threads: WorkThreads;
  /** From how many files on a second thread looks ahead, where that is not left to the sweeper. */
  readonly aheadFrom?: number;
}

/** Sweeps path sources: each (path, selection) once a run, compared with the packed snapshot of the last sweep. */
export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #trees = new Map<DerivationId, SweptTree>();
  /** Directories of the trees by digest; made when somebody asks. */
  #nodes: ReadonlyMap<string, DirectoryRecord> | undefined;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** The tree of a path derivation that was read before; throws `internal` otherwise. */
  tree(id: DerivationId): SweptTree {
    const tree = this.#trees.get(id);
    if (tree === undefined) throw new ImgbuildError("internal", `Internal error: the source ${id} was not swept`);
    return tree;
  }

  /**
   * Measures path derivations in turn and gives to each what it came to: an error is placed at the definition that names the
   * path. Where there is much to look at, a second thread looks ahead.
   */
  readAll(derivations: readonly Derivation[], counters: SweepCounters): readonly (Leaf | ImgbuildError)[] {
    const { store, workspaceRoot, aheadFrom } = this.#options;
    const places = derivations.map((derivation) => {
      const args = derivation.args as unknown as PathArgs;
      return { args, key: snapshotKey(args, workspaceRoot), root: rootOf(args, workspaceRoot) };
    });
    const known = store.snapshots.load(places.map(({ key }) => key));
    // A sweep takes out what it has seen: two of one place have a map each.
    const sources = places.map((place): Source => ({ ...place, before: new Map(known.get(place.key)) }));
    const ahead = StatAhead.begin(
      sources.filter(({ args }) => !args.follow),
      aheadFrom,
    );
    try {
      return derivations.map((derivation, i) => this.#read(derivation, sources[i] as Source, { counters, ahead }));
    } finally {
      ahead?.close();
    }
  }

  #read(derivation: Derivation, source: Source, run: SweepRun): Leaf | ImgbuildError {
    try {
      const tree = this.#sweep(source, run);
      this.#trees.set(derivation.id, tree);
      this.#nodes = undefined;
      return { digest: digestOfTree(tree), files: tree.files, bytes: tree.bytes };
    } catch (error) {
      const path = failedPath(error, this.#options.workspaceRoot) ?? source.args.path;
      return atPosition(fromUnknown(error, `Cannot read "//${path}"`), derivation.position);
    }
  }

  /** The text of the Merkle node of a directory: one that is there now, or that was at an earlier sweep. */
  node(digest: string): string | undefined {
    this.#nodes ??= currentNodes(this.#trees.values());
    const record = this.#nodes.get(digest);
    if (record !== undefined) return encodeNode(merkleEntries(record));
    return this.#options.store.trees.get(digest)?.toString("utf8");
  }

  #sweep({ args, key, root, before }: Source, { counters, ahead }: SweepRun): SweptTree {
    const { store, workspaceRoot, hidden, now, threads } = this.#options;
    refuseHidden(root, args, hidden);
    const isDirectory = checkRoot(root, args, workspaceRoot);
    const selection = makeSelection(args.include, args.exclude);
    const hasher = new FileHasher(threads);
    const context: SweepContext = {
      root,
      workspaceRoot,
      selection,
      follow: args.follow,
      before,
      isUnchanged: (relative) => ahead?.isUnchanged(key, relative) ?? false,
      changed: new Map(),
      nodes: new Map(),
      counters,
      hidden,
      now,
      hasher,
      totals: { files: 0, bytes: 0 },
    };
    let swept: SweptDirectory;
    try {
      const scan = isDirectory ? scanDirectory(context, "") : scanFile(context, dirname(root), basename(root));
      swept = settle(context, scan);
    } finally {
      hasher.close();
    }
    if (context.changed.size > 0 || context.before.size > 0) {
      threads.expect(context.totals.bytes);
      for (const packed of context.before.values()) {
        const gone = unpackDirectory(packed);
        if (gone !== undefined) keepNode(context, gone);
      }
      store.transaction(() => {
        store.trees.putAll(context.nodes);
        store.snapshots.save(key, { set: context.changed, remove: context.before.keys() });
      });
    }
    const { files, bytes } = context.totals;
    if (isDirectory) return { kind: "directory", root, top: swept, files, bytes };
    return { kind: "file", root, record: swept.record, files, bytes };
  }
}

/** One source to be swept. */
interface Source {
  readonly args: PathArgs;
  /** Names its snapshot. */
  readonly key: string;
  /** Absolute path on this machine. */
  readonly root: string;
  /** Packed directories as they were at the last sweep. */
  readonly before: Map<string, Buffer>;
}

/** What the sources of one run share. */
interface SweepRun {
  readonly counters: SweepCounters;
  readonly ahead: StatAhead | undefined;
}

function rootOf({ path }: PathArgs, workspaceRoot: string): string {
  return path === "" ? workspaceRoot : `${workspaceRoot}/${path}`;
}

function snapshotKey({ path, follow, include, exclude }: PathArgs, workspaceRoot: string): string {
  const selection = selectionId(include, exclude);
  return hashParts("imgbuild.snapshot", [workspaceRoot, path, String(follow), selection]);
}

/** The path of the workspace that a system call failed for. */
function failedPath(error: unknown, workspaceRoot: string): string | undefined {
  // No instanceof: a test runner's realm has another Error.
  const path = typeof error === "object" && error !== null && "path" in error ? error.path : undefined;
  if (typeof path !== "string" || !path.startsWith(`${workspaceRoot}/`)) return undefined;
  return path.slice(workspaceRoot.length + 1);
}

function currentNodes(trees: Iterable<SweptTree>): ReadonlyMap<string, DirectoryRecord> {
  const nodes = new Map<string, DirectoryRecord>();
  const add = ({ record, children }: SweptDirectory): void => {
    nodes.set(record.digest, record);
    for (const child of children.values()) add(child);
  };
  for (const tree of trees) if (tree.kind === "directory") add(tree.top);
  return nodes;
}

/** A cache that packed itself would change with every build. */
function refuseHidden(root: string, args: PathArgs, hidden: ReadonlySet<string>): void {
  const found = [...hidden].find((directory) => root === directory || root.startsWith(`${directory}/`));
  if (found === undefined) return;
  throw new ImgbuildError("definition", `Cannot use "//${args.path}": it is in the cache directory "${found}"`, {
    hint: "Name another directory, or move the cache with --cache-dir",
  });
}

/** Whether the root is a directory; throws when it is absent or lies outside the workspace. */
function checkRoot(root: string, args: PathArgs, workspaceRoot: string): boolean {
  let real: string;
  const stat = lstatRoot(root, args);
  const link = stat.isSymbolicLink();
  try {
    real = realpathSync.native(link && !args.follow ? dirname(root) : root);
  } catch (error) {
    if (systemCode(error) === "ENOENT") throw missing(args, "the link leads to nothing");
    throw error;
  }
  if (real !== workspaceRoot && !real.startsWith(`${workspaceRoot}/`)) {
    throw new ImgbuildError("path-escape", `Cannot use "//${args.path}": it lies outside the workspace, at "${real}"`, {
      hint: "Move it into the workspace; a definition may read only what is below its root",
    });
  }
  return link && args.follow ? lstatSync(real).isDirectory() : stat.isDirectory();
}

function lstatRoot(root: string, args: PathArgs): ReturnType<typeof lstatSync> & object {
  try {
    return lstatSync(root);
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR")
      throw missing(args, "no such file or directory");
    throw error;
  }
}

function missing(args: PathArgs, what: string): ImgbuildError {
  return new ImgbuildError("input-missing", `Cannot read "//${args.path}": ${what}`, {
    hint: "Check the spelling; a relative path starts at the file that names it, one with // at the workspace",
  });
}

function digestOfTree(tree: SweptTree): string {
  if (tree.kind === "directory") return tree.top.record.digest;
  const [entry] = merkleEntries(tree.record);
  return hashParts("imgbuild.file", [entry?.type ?? "", entry?.digest ?? ""]);
}
