import { combineErrors, ImgbuildError } from "@imgbuild/errors";
import type { Bins } from "../lock/bins.ts";
import { byCodeUnit } from "../lock/by-code-unit.ts";
import { isOutside, joinPath } from "../lock/install-path.ts";
import type { LockFile } from "../lock/lock-file.ts";
import { lockError } from "../lock/lock-source.ts";
import { type BinOwner, binLinksOf } from "./bin-links.ts";
import type { BundledPackage, Closure, TreeLink, Unit, UnitEdge } from "./closure.ts";
import { hoistedLinks } from "./hoisted-links.ts";
import { gone, outOfStep } from "./in-step.ts";
import { isFirstParty, npmGraph, ownLinks } from "./npm-graph.ts";
import type { PackageGraph } from "./package-graph.ts";
import { pnpmGraph } from "./pnpm-graph.ts";
import { isOptional, type Reached, reach } from "./reach.ts";
import type { TargetPlatform } from "./target-platform.ts";
import { toolsOf } from "./tools-of.ts";

/** What closure of a lock is wanted. */
export interface ClosureOptions {
  /** Directory of the workspace relative to the root of the lock; `""` or `"."` is the root package. */
  readonly workspace: string;
  readonly platform: TargetPlatform;
  /**
   * `production` (default): what runs the workspace. `all`: what builds it too: its devDependencies, those of the first-party
   * packages it needs, and everything the root package depends on, since the tools of a repository are often there. A list:
   * production, and these tools alone, each a devDependency of the workspace, else anything the root depends on.
   */
  readonly dependencies?: "production" | "all" | readonly string[];
  /** Take optionalDependencies and optional peers that are in the lock. Default true. */
  readonly optional?: boolean;
  /**
   * Take optional peers that are in the lock for any reason. Default true, as `npm ci --omit=dev` does; false leaves
   * out, for example, the TypeScript that a library names as an optional peer.
   */
  readonly optionalPeers?: boolean;
  /**
   * Gives the text of the package.json in a directory (relative to the root of the lock), to check that the lock is in
   * step with it; undefined when there is none. Called once for the root and each workspace reached.
   */
  readonly readManifest?: (directory: string) => string | undefined;
}

/**
 * The closure of one workspace: everything Node finds from it at run time on `platform`, and nothing else. Pure. Throws
 * one error that carries all that is wrong (`related`): `definition` for an unknown workspace; `invalid-archive` for a
 * lock that is out of step, incomplete, or without integrity; `unsupported` for git dependencies, patches, and required
 * packages that do not run on the platform; `path-escape` for packages outside of the root.
 */
export function closureOf(lock: LockFile, options: ClosureOptions): Closure {
  const workspace = findWorkspace(lock, options.workspace);
  const { platform, optional = true, optionalPeers = true } = options;
  const graph = lock.kind === "npm" ? npmGraph(lock, platform) : pnpmGraph(lock, platform, options.readManifest);
  const dev = toolsOf(lock, { graph, workspace, dependencies: options.dependencies });
  const reached = reach(graph, dev === false ? [workspace] : [workspace, ""], { dev, optional, optionalPeers });
  const errors = problems(lock, reached, platform);
  const units: Unit[] = [];
  // The root lends its dependencies; its own files belong to nobody but who asks for the root, or links to it.
  const rootIsPart = workspace === "" || reached.edges.some(({ to }) => to === "");
  for (const { installPath, within } of reached.nodes) {
    if (within !== undefined || (installPath === "" && !rootIsPart)) continue;
    collect(errors, () => units.push(graph.unit(installPath, !reached.required.has(installPath))));
  }
  const directories = units.flatMap((unit) => (unit.kind === "first-party" ? [unit.directory] : []));
  if (options.readManifest !== undefined)
    for (const directory of new Set(["", ...directories])) errors.push(...stepErrors(lock, directory, options));
  if (errors.length > 0) throw combineErrors(errors);
  units.sort((a, b) => byCodeUnit(a.installPath, b.installPath));
  return assemble(lock, { workspace, graph, reached, units });
}

/** The directories of the workspaces that a lock knows, sorted; `""` is the root. */
export function workspacesOf(lock: LockFile): readonly string[] {
  const directories =
    lock.kind === "pnpm"
      ? [...lock.importers.keys()]
      : [...lock.packages.values()].filter(isFirstParty).map((entry) => entry.installPath);
  return directories.sort(byCodeUnit);
}

function findWorkspace(lock: LockFile, given: string): string {
  const directory = joinPath("", given);
  const known = workspacesOf(lock);
  if (!given.startsWith("/") && !isOutside(directory) && known.includes(directory)) return directory;
  const listed = known.map((item) => JSON.stringify(item || ".")).join(", ");
  throw lockError(lock.source, `it has no workspace ${JSON.stringify(given)}: it lists ${listed}`, {
    code: "definition",
    hint: `Name one of these, or run \`${lock.kind} install\` after adding a workspace`,
  });
}

function collect(errors: ImgbuildError[], work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ImgbuildError)) throw error;
    errors.push(error);
  }
}

function stepErrors(lock: LockFile, directory: string, options: ClosureOptions): readonly ImgbuildError[] {
  const text = options.readManifest?.(directory);
  if (text === undefined) return directory === "" ? [] : [gone(lock, directory)];
  const file = besideLock(lock, directory === "" ? "package.json" : `${directory}/package.json`);
  const errors: ImgbuildError[] = [];
  collect(errors, () =>
    errors.push(...outOfStep(lock, directory, { file, text, root: () => options.readManifest?.("") })),
  );
  return errors;
}

/** What is beside the lock is called as the lock is, from the root of the workspace. */
function besideLock(lock: LockFile, path: string): string {
  return lock.source.file.slice(0, lock.source.file.lastIndexOf("/") + 1) + path;
}

function problems(lock: LockFile, reached: Reached, platform: TargetPlatform): ImgbuildError[] {
  const missing = reached.missing
    .filter(({ edge }) => edge.type !== "peer")
    .map(({ from, edge }) =>
      lockError(
        lock.source,
        `${quote(from.title)} needs "${edge.name}" (${edge.range}), which the lock does not have`,
        {
          key: from.installPath,
          hint: `Run \`${lock.kind} install\` to bring the lock in step`,
        },
      ),
    );
  const { os, architecture, libc } = platform;
  const target = [os, architecture].join("/") + (libc === undefined ? "" : ` with ${libc}`);
  const misfits = reached.misfits.map((node) =>
    lockError(lock.source, `"${node.title}" does not run on ${target}: ${node.misfit}`, {
      key: node.installPath,
      code: "unsupported",
      hint: "Make it an optional dependency, or build for a platform that it supports",
    }),
  );
  return [...missing, ...misfits];
}

function quote(title: string): string {
  return title.startsWith("the ") ? title : `"${title}"`;
}

function assemble(
  lock: LockFile,
  found: { workspace: string; graph: PackageGraph; reached: Reached; units: readonly Unit[] },
): Closure {
  const { workspace, graph, reached, units } = found;
  const links = new Map<string, TreeLink>();
  if (lock.kind === "npm") for (const link of ownLinks(lock, workspace)) links.set(link.path, link);
  for (const { link } of reached.edges) if (link !== undefined) links.set(link.path, link);
  if (lock.kind === "pnpm") for (const link of hoistedLinks(reached)) links.set(link.path, link);
  const bundled = reached.nodes.flatMap((node): BundledPackage[] => {
    const { installPath, within } = node;
    if (within === undefined) return [];
    const { name, version } = graph.about(installPath);
    return [{ installPath, name, version, within }];
  });
  const sorted = [...links.values()].sort((a, b) => byCodeUnit(a.path, b.path));
  const peers = reached.missing.filter(({ edge }) => edge.type === "peer");
  return {
    workspace,
    units,
    bundled: bundled.sort((a, b) => byCodeUnit(a.installPath, b.installPath)),
    links: sorted,
    binLinks: binLinksOf(binOwners(lock, units, { links: sorted, bundled })),
    unnamedBins: unnamedBins(lock, units, sorted),
    edges: unitEdges(reached, units),
    warnings: peers
      .map(
        ({ from, edge }) =>
          `${quote(from.title)} wants the peer "${edge.name}" (${edge.range}), which is not installed`,
      )
      .sort(byCodeUnit),
  };
}

function binOwners(
  lock: LockFile,
  units: readonly Unit[],
  { links, bundled }: Pick<Closure, "links" | "bundled">,
): BinOwner[] {
  if (lock.kind === "pnpm") {
    const own = new Map(units.map(({ installPath, bins }) => [installPath, bins]));
    return links
      .filter(({ path }) => !isInPnpmStore(path))
      .map(({ path, target }) => ({ path, bins: own.get(target) ?? NO_BINS }));
  }
  const binsAt = (path: string) => lock.packages.get(path)?.bins ?? NO_BINS;
  return [
    ...units.map(({ installPath: path, bins }) => ({ path, bins })),
    ...bundled.map(({ installPath: path }) => ({ path, bins: binsAt(path) })),
    ...links.map(({ path, target }) => ({ path, bins: binsAt(target) })),
  ];
}

const NO_BINS: Bins = new Map();

function unnamedBins(lock: LockFile, units: readonly Unit[], links: readonly TreeLink[]): TreeLink[] {
  if (lock.kind === "npm") return [];
  const owners = new Set(units.flatMap((unit) => (unit.kind === "package" && unit.hasBin ? [unit.installPath] : [])));
  return links.filter(({ path, target }) => owners.has(target) && !isInPnpmStore(path));
}

function isInPnpmStore(path: string): boolean {
  return path.startsWith("node_modules/.pnpm/");
}

/** The edges between units: what is bundled counts as the unit whose tarball holds it. */
function unitEdges(reached: Reached, units: readonly Unit[]): UnitEdge[] {
  const isUnit = new Set(units.map(({ installPath }) => installPath));
  const unitAt = new Map(reached.nodes.map(({ installPath, within }) => [installPath, within ?? installPath]));
  const edges = new Map<string, UnitEdge>();
  for (const edge of reached.edges) {
    const from = unitAt.get(edge.from) ?? edge.from;
    const to = unitAt.get(edge.to) ?? edge.to;
    const key = `${from}\0${to}`;
    const optional = isOptional(edge) && edges.get(key)?.optional !== false;
    if (from !== to && isUnit.has(from)) edges.set(key, { from, to, optional });
  }
  return [...edges].sort(([a], [b]) => byCodeUnit(a, b)).map(([, edge]) => edge);
}
