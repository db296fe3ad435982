import { readBins } from "../lock/bins.ts";
import { isOutside, isPackageName, joinPath, requiredName } from "../lock/install-path.ts";
import type { PnpmLock, PnpmPackage, Ranges } from "../lock/lock-file.ts";
import { lockError } from "../lock/lock-source.ts";
import type { Unit } from "./closure.ts";
import type { EdgeType, GraphEdge, GraphNode, PackageGraph } from "./package-graph.ts";
import { sourceOf } from "./package-source.ts";
import { depPathOf, splitDepPath, storeDirectories } from "./pnpm-paths.ts";
import { misfit, type TargetPlatform } from "./target-platform.ts";

/**
 * The graph of a pnpm lock, laid out as pnpm's virtual store: a package is `node_modules/.pnpm/KEY/node_modules/NAME`
 * and each of its dependencies a link beside it, so that Node's resolution gives every package exactly the versions and
 * peers that the lock chose for it. What the lock does not say of packages of the repository, `readManifest` tells.
 */
export function pnpmGraph(
  lock: PnpmLock,
  platform: TargetPlatform,
  readManifest?: (directory: string) => string | undefined,
): PackageGraph {
  const directories = storeDirectories(lock);
  const keys = new Map([...directories].map(([key, directory]) => [directory, key]));
  const context: Context = { lock, platform, directories };
  return {
    node(installPath) {
      const key = keys.get(installPath);
      return key === undefined ? importerNode(context, installPath) : packageNode(context, key, installPath);
    },
    unit(installPath, optional) {
      const key = keys.get(installPath);
      return key === undefined
        ? workspaceUnit(installPath, optional, readManifest?.(installPath))
        : packageUnit(context, key, { installPath, optional });
    },
    about: (installPath) => splitDepPath(keys.get(installPath) ?? installPath),
  };
}

interface Context {
  readonly lock: PnpmLock;
  readonly platform: TargetPlatform;
  /** Snapshot key → install path. */
  readonly directories: ReadonlyMap<string, string>;
}

function importerNode(context: Context, directory: string): GraphNode {
  const importer = context.lock.importers.get(directory);
  const edges: GraphEdge[] = [];
  const add = (type: EdgeType, dependencies: NonNullable<typeof importer>["dependencies"] | undefined) => {
    for (const [name, { specifier, version }] of dependencies ?? []) {
      const modules = directory === "" ? "node_modules" : `${directory}/node_modules`;
      edges.push(edgeTo(context, { name, type, range: specifier, version, base: directory, modules }));
    }
  };
  add("prod", importer?.dependencies);
  add("optional", importer?.optionalDependencies);
  add("dev", importer?.devDependencies);
  return {
    installPath: directory,
    title: directory || "the root package",
    edges,
    misfit: undefined,
    within: undefined,
  };
}

function packageNode(context: Context, key: string, installPath: string): GraphNode {
  const snapshot = context.lock.snapshots.get(key);
  const about = packageOf(context.lock, key);
  const name = requiredName(installPath) ?? "";
  const modules = installPath.slice(0, -name.length - 1);
  const edges: GraphEdge[] = [];
  const add = (type: EdgeType, ranges: Ranges | undefined) => {
    for (const [dependency, version] of ranges ?? []) {
      const optionalPeer = about.optionalPeers.has(dependency) && about.peerDependencies.has(dependency);
      const chosen = type === "prod" && optionalPeer ? "peerOptional" : type;
      edges.push(edgeTo(context, { name: dependency, type: chosen, range: version, version, base: "", modules }));
    }
  };
  add("prod", snapshot?.dependencies);
  add("optional", snapshot?.optionalDependencies);
  for (const peer of about.peerDependencies.keys()) {
    if (edges.some((edge) => edge.name === peer) || about.optionalPeers.has(peer)) continue;
    const range = about.peerDependencies.get(peer) ?? "*";
    edges.push({ name: peer, range, type: "peer", to: undefined, link: undefined });
  }
  const title = key.replace(/\(.*$/s, "");
  return { installPath, title, edges, misfit: misfit(about, context.platform), within: undefined };
}

function edgeTo(
  context: Context,
  wanted: Pick<GraphEdge, "name" | "type" | "range"> & { version: string; base: string; modules: string },
): GraphEdge {
  const { name, type, range, version } = wanted;
  if (!isPackageName(name)) throw lockError(context.lock.source, `${JSON.stringify(name)} is no name of a package`);
  const to = version.startsWith("link:")
    ? linkedDirectory(context.lock, joinPath(wanted.base, version.slice("link:".length)), name)
    : context.directories.get(depPathOf(name, version));
  if (to === undefined) return { name, type, range, to, link: undefined };
  const path = `${wanted.modules}/${name}`;
  return { name, type, range, to, link: path === to ? undefined : { path, target: to } };
}

function linkedDirectory(lock: PnpmLock, directory: string, name: string): string {
  if (!isOutside(directory) && !/(?:^|\/)node_modules(?:\/|$)/.test(directory)) return directory;
  throw lockError(lock.source, `the package "${name}" is the directory "${directory}" outside of the workspace`, {
    key: name,
    code: "path-escape",
    hint: "Move the package below the directory of the lock",
  });
}

function packageOf(lock: PnpmLock, key: string): PnpmPackage {
  const about = lock.packages.get(key.replace(/\(.*$/s, ""));
  if (about !== undefined) return about;
  throw lockError(lock.source, `"snapshots" has "${key}", of which "packages" says nothing`, {
    key,
    hint: "Run `pnpm install` to write the lock anew",
  });
}

function workspaceUnit(directory: string, optional: boolean, manifest: string | undefined): Unit {
  const said = fieldsOf(manifest);
  const name = typeof said.name === "string" ? said.name : (directory.split("/").at(-1) ?? "");
  const version = typeof said.version === "string" ? said.version : undefined;
  const bins = readBins(said.bin, name);
  return {
    ...{ kind: "first-party", installPath: directory, directory, name, version, bins, optional },
  };
}

/** What is no package.json says nothing here: whoever compares it with the lock refuses it. */
function fieldsOf(manifest: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse((manifest ?? "{}").replace(/^\uFEFF/, ""));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function packageUnit(
  { lock }: Context,
  key: string,
  { installPath, optional }: { readonly installPath: string; readonly optional: boolean },
): Unit {
  const about = packageOf(lock, key);
  const split = splitDepPath(key);
  const version = about.version ?? split.version;
  const { name } = split;
  const title = key.replace(/\(.*$/s, "");
  if (key.includes("(patch_hash=")) {
    throw lockError(lock.source, `the package "${title}" is patched by pnpm, which imgbuild does not do`, {
      key,
      code: "unsupported",
      hint: "Publish the patched package, or remove it from patchedDependencies",
    });
  }
  if (about.directory !== undefined) {
    const directory = linkedDirectory(lock, joinPath("", about.directory), name);
    return { kind: "first-party", installPath, directory, name, version, bins: new Map(), optional };
  }
  const other = about.otherType !== undefined || /codeload\.|\.git(?:#|$)/.test(about.tarball ?? "");
  const resolved = other ? "git:" : about.tarball;
  const origin = { title, key: title, name, version, resolved, integrity: about.integrity };
  const { source, integrity } = sourceOf(lock.source, origin);
  const { os, cpu, libc, hasBin } = about;
  return {
    ...{ kind: "package", installPath, name, version, integrity, source, bins: new Map(), hasBin },
    ...{ hasInstallScript: undefined, optional, os, cpu, libc },
  };
}
