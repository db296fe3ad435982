import { type Closure, layoutOf, type PackageUnit } from "@imgbuild/npm";
import type { Caller } from "../call.ts";
import { makeRunCommand } from "../command/run-command.ts";
import { makeText } from "../files.ts";
import type { Source } from "../source.ts";
import type { NpmMemory } from "./npm-memory.ts";
import type { NpmRequest } from "./npm-options.ts";
import { RUN_INSTALL_SCRIPTS } from "./run-install-scripts.ts";

/** What gives the values of packages. */
export interface InstalledOptions {
  readonly memory: NpmMemory;
  readonly platform: NpmRequest["platform"];
  /** The package as it was published, and a key that tells its value from all others. */
  readonly published: (unit: PackageUnit) => { readonly key: string; readonly source: Source };
  /** Whether its install scripts run. */
  readonly runs: (unit: PackageUnit) => boolean;
  readonly link: (target: string) => Source;
}

/** The value of a package in one closure. */
export interface PackageSources {
  of(unit: PackageUnit): { readonly key: string; readonly source: Source };
}

const ROOT = "/build/root";

/**
 * The packages of a closure, those with install scripts that may run as these left them. A script sees its package where it would be
 * installed and, read-only, the packages that it needs; what it changes in its own directory is kept, nothing else is.
 */
export function packageSources(caller: Caller, closure: Closure, options: InstalledOptions): PackageSources {
  const units = new Map(closure.units.map((unit) => [unit.installPath, unit]));
  const needs = new Map<string, string[]>();
  for (const { from, to } of closure.edges) needs.set(from, [...(needs.get(from) ?? []), to]);
  const known = new Map<string, { readonly key: string; readonly source: Source }>();
  const open = new Set<string>();
  const of = (unit: PackageUnit): { readonly key: string; readonly source: Source } => {
    const { installPath } = unit;
    const before = known.get(installPath);
    if (before !== undefined) return before;
    // Packages that need each other in a circle cannot each be installed before the other.
    if (open.has(installPath) || !options.runs(unit)) return options.published(unit);
    open.add(installPath);
    const needed = [...neededBy(installPath, needs)]
      .map((path) => units.get(path))
      .filter((other): other is PackageUnit => other?.kind === "package");
    const made = installed(caller, unit, {
      ...options,
      closure,
      needed: needed.map((other) => ({ unit: other, ...of(other) })),
    });
    open.delete(installPath);
    known.set(installPath, made);
    return made;
  };
  return { of };
}

/** All that a unit needs, directly or not, itself apart. */
function neededBy(installPath: string, needs: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set(needs.get(installPath));
  for (const at of found) for (const to of needs.get(at) ?? []) found.add(to);
  found.delete(installPath);
  return found;
}

function installed(
  caller: Caller,
  unit: PackageUnit,
  about: InstalledOptions & {
    readonly closure: Closure;
    readonly needed: readonly { readonly unit: PackageUnit; readonly key: string; readonly source: Source }[];
  },
): { readonly key: string; readonly source: Source } {
  const { memory, needed, platform, published } = about;
  const own = published(unit);
  const inputs: Record<string, Source> = {
    "/build/package": own.source,
    "/build/install-scripts": memory.source("npm install-scripts", () => makeText(caller, RUN_INSTALL_SCRIPTS)),
  };
  for (const each of needed) inputs[`${ROOT}/${each.unit.installPath}`] = each.source;
  for (const { path, target } of linksTo(about.closure, new Set(needed.map((each) => each.unit.installPath))))
    inputs[path] ??= about.link(target);
  const key = JSON.stringify([
    "installed",
    own.key,
    unit.installPath,
    platform,
    ...needed.map((each) => [each.unit.installPath, each.key]),
  ]);
  const source = memory.source(key, () =>
    makeRunCommand(caller, {
      command: [
        "node",
        "install-scripts",
        `${unit.name}@${unit.version}`,
        unit.installPath,
        platform.architecture,
        platform.libc ?? "",
      ],
      inputs,
      outputs: "out",
      workingDirectory: "/build",
    }),
  );
  return { key, source };
}

/** The links of the tree that lead to, or into, some units. */
function linksTo(closure: Closure, units: ReadonlySet<string>): { readonly path: string; readonly target: string }[] {
  const isAmong = (target: string) => {
    for (let at = target; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) if (units.has(at)) return true;
    return false;
  };
  const wanted = new Set(
    [...closure.links, ...closure.binLinks].filter((link) => isAmong(link.target)).map(({ path }) => `${ROOT}/${path}`),
  );
  return layoutOf(closure, { dest: ROOT }).entries.flatMap((entry) =>
    entry.kind === "link" && wanted.has(entry.path) ? [{ path: entry.path, target: entry.target }] : [],
  );
}
