import { ImgbuildError } from "@imgbuild/errors";
import type {
  ArchiveArgs,
  Derivation,
  DerivationId,
  Graph,
  Leaf,
  LeafReader,
  LeafReading,
  Output,
  StepRunner,
} from "@imgbuild/graph";
import { type ImageData, LayerIndexes, type WorkThreads } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { Codec } from "@imgbuild/tar";
import { commandRunner } from "./command/command-runner.ts";
import type { DebOptions } from "./debian/deb-access.ts";
import { debPackageRunner } from "./debian/deb-package-runner.ts";
import { debSystemRunner } from "./debian/deb-system-runner.ts";
import { Downloads } from "./fetch/downloads.ts";
import { urlRunner, type WebOptions } from "./fetch/url-runner.ts";
import { archiveRunner } from "./image/archive-runner.ts";
import { COLLECTION_KINDS, collectionRunner } from "./image/collection-runner.ts";
import { imageRunner } from "./image/image-runner.ts";
import { madeArchiveRunner } from "./image/made-archive-runner.ts";
import { pullRunner, type RegistryOptions } from "./image/pull-runner.ts";
import { baseLayersRunner } from "./layer/base-layers-runner.ts";
import { layerRunner } from "./layer/layer-runner.ts";
import { RunSources } from "./layer/layer-sources.ts";
import { layerSetRunner } from "./layering/layer-set-runner.ts";
import { npmBinsRunner } from "./npm/npm-bins-runner.ts";
import type { NpmOptions } from "./npm/npm-options.ts";
import { npmPackageRunner } from "./npm/npm-package-runner.ts";
import { Sweeper } from "./path/sweeper.ts";
import type { SweepCounters } from "./path/swept-tree.ts";
import { sandboxOpener } from "./script/open-sandbox.ts";
import type { ScriptOptions } from "./script/script-options.ts";
import { scriptRunner } from "./script/script-runner.ts";
import { TREE_KINDS } from "./tree/resolve-tree.ts";
import { unpackRunner } from "./unpack/unpack-runner.ts";

/** What the steps need from outside. The opener of the store closes it. */
export interface StepsOptions {
  readonly store: Store;
  /** Absolute, without symbolic links. */
  readonly workspaceRoot: string;
  /** Absolute directories that are never packed: the cache. */
  readonly hidden: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The compression that will be delivered, if one will be: layers are compressed to it while they are packed. */
  readonly codec: () => Codec | undefined;
  /** Where second threads come from. The caller closes it. */
  readonly threads: WorkThreads;
  /** For derivations with scripts; without it they fail. */
  readonly scripts?: ScriptOptions | undefined;
  /** For files of the web; without it they fail. */
  readonly web?: WebOptions | undefined;
  /** For images of registries; without it they fail. */
  readonly registry?: RegistryOptions | undefined;
  /** For packages of npm; without it they fail. */
  readonly npm?: NpmOptions | undefined;
  /** For packages of Debian; without it they fail. */
  readonly debian?: DebOptions | undefined;
}

/** The implementations of the graph's seams for every derivation kind. */
export interface Steps {
  readonly leafReader: LeafReader;
  readonly runners: ReadonlyMap<string, StepRunner>;
  /**
   * Starts to fetch what steps that will be built need from the network, more of it at once than steps run at once. What goes
   * wrong is said by the step that needs it.
   */
  fetchAhead(derivations: readonly Derivation[], signal: AbortSignal): void;
  /** The text of a Merkle node by digest: of a directory as it is, or as it was at an earlier sweep. */
  node(digest: string): string | undefined;
  /**
   * The same image with a source for every layer of it that `graph` makes, so that it can be delivered though its bytes are
   * not in the store. `outputs` are those of the run that built it.
   */
  withSources(image: ImageData, graph: Graph, outputs: ReadonlyMap<DerivationId, Output>): ImageData;
}

/** Makes the runners and the leaf reader of one run. They share what the sweep found. */
export function createSteps(options: StepsOptions): Steps {
  const sweeper = new Sweeper(options);
  const shared = {
    store: options.store,
    swept: (id: DerivationId) => sweeper.tree(id),
    indexes: new LayerIndexes(options.store),
  };
  const sources = new RunSources(shared);
  const openSandbox = sandboxOpener(options);
  const layerOptions = { ...shared, codec: options.codec, now: options.now, threads: options.threads };
  const downloads = new Downloads({ directory: `${options.store.directory}/downloads`, locks: options.store.locks });
  const urls = urlRunner({ store: options.store, downloads, web: options.web });
  const npm = npmPackageRunner({ ...options, downloads, npm: options.npm });
  const deb = debPackageRunner({ store: options.store, downloads, debian: options.debian });
  const cached = [
    npm,
    npmBinsRunner(options),
    deb,
    debSystemRunner({ store: options.store, debian: options.debian }),
    urls,
    unpackRunner(shared),
    layerRunner(layerOptions),
    baseLayersRunner(),
    layerSetRunner(layerOptions),
    scriptRunner({ ...layerOptions, openSandbox }),
    commandRunner({ ...shared, ...options, openSandbox }),
    imageRunner(options),
    archiveRunner(options),
    madeArchiveRunner(shared),
    pullRunner({ store: options.store, downloads, registry: options.registry }),
    ...COLLECTION_KINDS.map(collectionRunner),
  ];
  const runners = new Map(cached.map((runner) => [runner.kind, runner]));
  for (const kind of TREE_KINDS) runners.set(kind, inlineRunner(kind));
  return {
    leafReader: { kinds: new Set(["path", "archive"]), read: (leaves) => readLeaves(sweeper, leaves) },
    runners,
    fetchAhead: (derivations, signal) => {
      for (const each of [npm, deb]) each.fetchAhead(derivations, signal).catch(() => undefined);
      urls.fetchAhead(derivations, signal);
    },
    node: (digest) => sweeper.node(digest),
    withSources: (image, graph, outputs) => ({ ...image, layers: sources.of(graph, outputs).add(image.layers) }),
  };
}

/** Sources of files are resolved by the layer that packs them: as steps of their own they have nothing to do. */
function inlineRunner(kind: string): StepRunner {
  return { kind, mode: "inline", version: 1, run: async (step) => ({ digest: step.key, data: null }) };
}

function readLeaves(sweeper: Sweeper, leaves: readonly Derivation[]): LeafReading {
  const counters: SweepCounters = { filesOpened: 0, bytesHashed: 0 };
  const found = new Map<DerivationId, Leaf>();
  const errors = new Map<DerivationId, ImgbuildError>();
  const results = sweeper.readAll(leaves.map(asPath), counters);
  for (const [i, { id }] of leaves.entries()) {
    const result = results[i];
    if (result instanceof ImgbuildError) errors.set(id, result);
    else if (result !== undefined) found.set(id, result);
  }
  return { leaves: found, errors, ...counters };
}

/** An archive is measured as the file or directory it is. */
function asPath(leaf: Derivation): Derivation {
  if (leaf.kind !== "archive") return leaf;
  const { path } = leaf.args as unknown as ArchiveArgs;
  return { ...leaf, args: { path, include: [], exclude: [], follow: false } };
}
