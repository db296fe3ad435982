import { byCodeUnit, type JsonValue, type NpmBinsArgs } from "@imgbuild/graph";
import { type Closure, type FirstPartyUnit, layoutOf, type PackageUnit } from "@imgbuild/npm";
import type { Caller } from "../call.ts";
import { type Layered, type LayerUnit, makeValue, type Source, type Value } from "../source.ts";
import type { FoundLock } from "./find-lock.ts";
import { runsScripts, scriptsOf } from "./install-scripts.ts";
import { type PackageSources, packageSources } from "./installed-package.ts";
import type { NpmMemory } from "./npm-memory.ts";
import type { NpmRequest } from "./npm-options.ts";
import { packageValue } from "./package-value.ts";
import { workspaceFiles } from "./workspace-files.ts";

/** Something at a path of the image, without its leading `/`. */
interface Placed {
  readonly destination: string;
  readonly source: Source;
}

/** A third-party package; `key` tells its value from all others. */
interface Third {
  readonly key: string;
  readonly placed: Placed;
  readonly unit: PackageUnit;
}

/** A closure as sources, by who changes them and how often. */
export interface PlacedClosure {
  /** One a package, and one of the links to packages if there are any. */
  readonly units: readonly LayerUnit[];
  readonly thirdParty: Source;
  readonly firstParty: Source;
  readonly app: Source;
  readonly workingDirectory: string;
}

/** What placing needs beside the closure. */
export interface PlaceOptions {
  readonly found: FoundLock;
  readonly memory: NpmMemory;
  readonly request: NpmRequest;
  /** The packages for images of another architecture; undefined when they are the same. */
  readonly otherPackages: (architecture: string) => Source | undefined;
}

/** Places a closure in an image. */
export function placeClosure(caller: Caller, closure: Closure, options: PlaceOptions): PlacedClosure {
  const { memory, request } = options;
  const packages = sourcesOf(caller, closure, options);
  const third: Third[] = [];
  const [links, first, app]: [Placed[], Placed[], Placed[]] = [[], [], []];
  const isOurs = ourLinks(closure);
  const { entries, workingDirectory } = layoutOf(closure, { dest: request.dest });
  for (const entry of entries) {
    const destination = entry.path.slice(1);
    if (entry.kind === "link") {
      const source = linkValue(caller, memory, entry.target);
      (isOurs(destination.slice(prefixOf(request.dest).length)) ? first : links).push({ destination, source });
    } else if (entry.unit.kind === "package") {
      const { unit } = entry;
      const { key, source } = packages.of(unit);
      third.push({ key, placed: { destination, source }, unit });
    } else {
      const { unit } = entry;
      const mine = unit.installPath === closure.workspace;
      const source = filesOf(caller, unit, { ...options, mine });
      (mine ? app : first).push({ destination, source });
    }
  }
  const bins = unnamedBins(caller, closure, packages);
  if (bins !== undefined) links.push({ destination: prefixOf(request.dest).replace(/\/$/, ""), source: bins });
  const units = unitsOf(caller, { memory, closure, third, links });
  const thirdParty: Source = treeOf(caller, [...third.map(({ placed }) => placed), ...links], "npm packages", {
    parts: units.length === 0 ? [] : [{ kind: "units", units }],
    forArchitecture: (architecture) => options.otherPackages(architecture) ?? thirdParty,
  });
  return {
    ...{ units, thirdParty },
    firstParty: treeOf(caller, first, "packages of the repository"),
    app: treeOf(caller, app, `workspace ${closure.workspace || "of the root"}`),
    workingDirectory,
  };
}

/** Links to commands that only the packages themselves name; undefined when there are none. */
function unnamedBins(caller: Caller, closure: Closure, packages: PackageSources): Source | undefined {
  const units = new Map(closure.units.map((unit) => [unit.installPath, unit]));
  const owners = closure.unnamedBins.flatMap(({ path, target }) => {
    const unit = units.get(target);
    return unit?.kind === "package" ? [{ path, unit }] : [];
  });
  if (owners.length === 0) return undefined;
  const args: NpmBinsArgs = { owners: owners.map(({ path, unit }) => ({ path, name: unit.name })) };
  return makeValue<Value<"npmBins">>({
    kind: "npmBins",
    args: args as unknown as JsonValue,
    inputs: owners.map(({ unit }) => packages.of(unit).source),
    position: caller.host.position(),
    summary: "commands of npm packages",
  });
}

function sourcesOf(caller: Caller, closure: Closure, { found, memory, request }: PlaceOptions): PackageSources {
  return packageSources(caller, closure, {
    memory,
    platform: request.platform,
    runs: (unit) => runsScripts(unit, request),
    link: (target) => linkValue(caller, memory, target),
    published(unit) {
      const scripts = scriptsOf(unit, request);
      const key = JSON.stringify([unit.name, unit.version, unit.integrity, scripts]);
      return { key, source: memory.source(key, () => packageValue(caller, unit, { lockRoot: found.root, scripts })) };
    },
  });
}

function filesOf(caller: Caller, unit: FirstPartyUnit, options: PlaceOptions & { readonly mine: boolean }): Source {
  const { found, memory, mine, request } = options;
  const commands = [...new Set(unit.bins.values())];
  if (mine) {
    const { include, exclude } = request;
    return workspaceFiles(caller, unit, { ...{ found, include, exclude, commands } });
  }
  const key = `directory ${found.root}\0${unit.directory}`;
  return memory.source(key, () => workspaceFiles(caller, unit, { found, include: [], exclude: [], commands }));
}

/** Tells the links that lead to packages of the repository, or to commands of them, by path below the destination. */
function ourLinks(closure: Closure): (path: string) => boolean {
  const directories = new Set(closure.units.flatMap((unit) => (unit.kind === "first-party" ? [unit.installPath] : [])));
  const ours = new Set(closure.links.filter(({ target }) => directories.has(target)).map(({ path }) => path));
  for (const { path, target } of closure.binLinks) {
    const isInside = [...ours, ...directories].some((owner) => owner !== "" && isBelow(target, owner));
    if (isInside) ours.add(path);
  }
  return (path) => ours.has(path);
}

/** Whether `path` is in the package at `owner`, not in another that is installed below it. */
function isBelow(path: string, owner: string): boolean {
  return path.startsWith(`${owner}/`) && !path.slice(owner.length).includes("/node_modules/");
}

function prefixOf(dest: string): string {
  return dest === "/" ? "" : `${dest.slice(1)}/`;
}

function unitsOf(
  caller: Caller,
  parts: {
    readonly memory: NpmMemory;
    readonly closure: Closure;
    readonly third: readonly Third[];
    readonly links: readonly Placed[];
  },
): readonly LayerUnit[] {
  const { memory, closure, third, links } = parts;
  const places = new Map(third.map(({ unit }, i) => [unit.installPath, i]));
  const needs = third.map((): number[] => []);
  for (const { from, to } of closure.edges) {
    const [a, b] = [places.get(from), places.get(to)];
    if (a !== undefined && b !== undefined) needs[a]?.push(b);
  }
  const units = third.map(({ key, placed, unit }, i): LayerUnit => {
    const name = `${unit.name}@${unit.version}`;
    const source = memory.source(`at ${placed.destination}\0${key}`, () => treeOf(caller, [placed], name));
    return { name, source, dependsOn: needs[i] ?? [] };
  });
  if (links.length === 0) return units;
  return [...units, { name: "links", source: treeOf(caller, links, "links"), dependsOn: [] }];
}

function treeOf(caller: Caller, placed: readonly Placed[], summary: string, layered?: Layered): Value<"tree"> {
  const sorted = [...placed].sort((a, b) => byCodeUnit(a.destination, b.destination));
  return makeValue<Value<"tree">>({
    kind: "tree",
    args: { destinations: sorted.map(({ destination }) => destination), uid: null, gid: null, mode: null },
    inputs: sorted.map(({ source }) => source),
    position: caller.host.position(),
    ...{ summary, layered },
  });
}

function linkValue(caller: Caller, memory: NpmMemory, target: string): Source {
  return memory.source(`link ${target}`, () =>
    makeValue<Value<"link">>({
      kind: "link",
      args: { target },
      position: caller.host.position(),
      summary: `link to ${target}`,
    }),
  );
}
