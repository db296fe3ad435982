import { isOutside, lookUp, ownerPath } from "../lock/install-path.ts";
import type { NpmLock, NpmLockEntry } from "../lock/lock-file.ts";
import { lockError } from "../lock/lock-source.ts";
import { tarballHolder } from "./bundled.ts";
import type { TreeLink, Unit } from "./closure.ts";
import type { EdgeType, GraphEdge, GraphNode, PackageGraph } from "./package-graph.ts";
import { sourceOf } from "./package-source.ts";
import { misfit, type TargetPlatform, withLibcOfName } from "./target-platform.ts";

/** The graph of a package-lock: dependencies found by Node's upward lookup over install paths. */
export function npmGraph(lock: NpmLock, platform: TargetPlatform): PackageGraph {
  const nodes = new Map<string, GraphNode>();
  const holder = tarballHolder(lock);
  return {
    node(installPath) {
      const known = nodes.get(installPath);
      if (known !== undefined) return known;
      const made = nodeOf(lock, entryAt(lock, installPath), { platform, within: holder(installPath) });
      nodes.set(installPath, made);
      return made;
    },
    unit: (installPath, optional) => unitOf(lock, entryAt(lock, installPath), optional),
    about: (installPath) => entryAt(lock, installPath),
  };
}

/** The links in `node_modules` that point to the workspace itself, as npm makes them for every workspace. */
export function ownLinks(lock: NpmLock, workspace: string): TreeLink[] {
  return [...lock.packages.values()]
    .filter((entry) => entry.link && entry.resolved === workspace && ownerPath(entry.installPath) === "")
    .map((entry) => ({ path: entry.installPath, target: workspace }));
}

/** Whether the entry is a directory of the workspace, not an installed package. */
export function isFirstParty(entry: NpmLockEntry): boolean {
  return !entry.link && ownerPath(entry.installPath) === undefined;
}

/** `name@version`, or the directory of a package without a version. */
function titleOf(entry: NpmLockEntry): string {
  if (entry.version === undefined) return entry.name === "" ? "the root package" : entry.name;
  return `${entry.name}@${entry.version}`;
}

function entryAt(lock: NpmLock, installPath: string): NpmLockEntry {
  const entry = lock.packages.get(installPath);
  if (entry !== undefined) return entry;
  throw lockError(lock.source, `it has a link to "${installPath}" but no entry for it`, {
    key: installPath,
    hint: "Run `npm install` to write the lock anew",
  });
}

function nodeOf(
  lock: NpmLock,
  entry: NpmLockEntry,
  about: { readonly platform: TargetPlatform; readonly within: string | undefined },
): GraphNode {
  const limits = entry.optional ? withLibcOfName(entry, entry.name) : entry;
  return {
    installPath: entry.installPath,
    title: titleOf(entry),
    edges: edgesOf(lock, entry),
    misfit: misfit(limits, about.platform),
    within: about.within,
  };
}

function edgesOf(lock: NpmLock, entry: NpmLockEntry): GraphEdge[] {
  const types = new Map<string, { type: EdgeType; range: string }>();
  const firstParty = isFirstParty(entry);
  for (const [name, range] of entry.peerDependencies) {
    types.set(name, { type: entry.optionalPeers.has(name) ? "peerOptional" : "peer", range });
  }
  if (firstParty) {
    for (const [name, range] of entry.devDependencies) {
      // A peer that must be there is needed at run time, even when it is a dev dependency too.
      if (types.get(name)?.type !== "peer") types.set(name, { type: "dev", range });
    }
  }
  for (const [name, range] of entry.dependencies) types.set(name, { type: "prod", range });
  for (const [name, range] of entry.optionalDependencies) types.set(name, { type: "optional", range });
  return [...types].map(([name, { type, range }]) => {
    const found = find(lock, entry.installPath, name);
    const leftOver = type === "peerOptional" && lock.packages.get(found.link?.path ?? found.to ?? "")?.extraneous;
    return { name, type, range, ...(leftOver === true ? ABSENT : found) };
  });
}

const ABSENT = { to: undefined, link: undefined };

function find(lock: NpmLock, from: string, name: string): Pick<GraphEdge, "to" | "link"> {
  const found = lookUp(from, name, (path) => isPresent(lock.packages.get(path)));
  const entry = found === undefined ? undefined : lock.packages.get(found);
  if (entry === undefined) return ABSENT;
  if (!entry.link) return { to: entry.installPath, link: undefined };
  const target = entry.resolved ?? "";
  if (isOutside(target)) throw outside(lock, entry);
  return { to: target, link: { path: entry.installPath, target } };
}

/** npm may record an optional package that it could not find, as an entry without anything in it. */
function isPresent(entry: NpmLockEntry | undefined): boolean {
  if (entry === undefined) return false;
  const empty = entry.version === undefined && entry.resolved === undefined && entry.integrity === undefined;
  return !(entry.optional && empty);
}

function outside(lock: NpmLock, entry: NpmLockEntry) {
  return lockError(
    lock.source,
    `the package "${entry.name}" is the directory "${entry.resolved}" outside of the root`,
    {
      key: entry.installPath,
      code: "path-escape",
      hint: "Move the package below the directory of the lock",
    },
  );
}

function unitOf(lock: NpmLock, entry: NpmLockEntry, optional: boolean): Unit {
  const { installPath, name, version, bins, os, cpu, libc } = entry;
  if (isFirstParty(entry)) {
    return { kind: "first-party", installPath, directory: installPath, name, version, bins, optional };
  }
  const title = titleOf(entry);
  const { source, integrity } = sourceOf(lock.source, { ...entry, title, key: installPath });
  if (version === undefined) throw lockError(lock.source, `the package "${name}" has no version`, { key: installPath });
  const { hasInstallScript } = entry;
  const hasBin = bins.size > 0;
  return {
    ...{ kind: "package", installPath, name, version, integrity, source, bins, hasBin, hasInstallScript, optional },
    ...{ os, cpu, libc },
  };
}
