import { byCodeUnit } from "../text/by-code-unit.ts";
import { formatLock } from "./format-lock.ts";
import type { DebianLock, LockedPackage, LockedSet } from "./lock.ts";

/** One difference of two locks. */
export interface LockChange {
  readonly set: string;
  readonly kind: "set-added" | "set-removed" | "request" | "suite" | "added" | "removed" | "version" | "content";
  /** Name of the package or suite; of the set for the others. */
  readonly name: string;
  /** One line for a person, e.g. `nginx 1.22.1-9 → 1.22.1-9+deb12u1`. */
  readonly message: string;
}

/** What makes two locks different, by set and then by name; empty exactly when they are written alike. */
export function diffLocks(before: DebianLock, after: DebianLock): readonly LockChange[] {
  const old = byName(before.sets);
  const next = byName(after.sets);
  const names = [...new Set([...old.keys(), ...next.keys()])].sort(byCodeUnit);
  return names.flatMap((name) => {
    const [a, b] = [old.get(name), next.get(name)];
    if (a === undefined || b === undefined) {
      const kind = a === undefined ? "set-added" : "set-removed";
      return [{ set: name, kind, name, message: `${name} is ${a === undefined ? "new" : "gone"}` } as const];
    }
    return [...diffHeads(a, b), ...diffPackages(a, b)];
  });
}

/** Versions to keep when choosing anew, less those of the packages to update: `pinned` of `resolve`. */
export function pinsOf(set: LockedSet, update: readonly string[] = []): ReadonlyMap<string, string> {
  return new Map(set.packages.filter(({ name }) => !update.includes(name)).map(({ name, version }) => [name, version]));
}

function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}

function diffHeads(a: LockedSet, b: LockedSet): readonly LockChange[] {
  const changes: LockChange[] = [];
  const wanted = (set: LockedSet): string => `${set.request.join(" ")} for ${set.architecture}`;
  if (JSON.stringify([a.request, a.architecture]) !== JSON.stringify([b.request, b.architecture])) {
    changes.push({ set: a.name, kind: "request", name: a.name, message: `request ${wanted(a)} → ${wanted(b)}` });
  }
  const textOf = (set: LockedSet): string =>
    formatLock({ sets: [{ ...set, packages: [], request: [], architecture: "x" }] });
  if (textOf(a) !== textOf(b)) {
    const dates = (set: LockedSet): string =>
      set.suites.map(({ suite, date }) => `${suite} ${date ?? ""}`.trim()).join(", ");
    changes.push({ set: a.name, kind: "suite", name: a.name, message: `index ${dates(a)} → ${dates(b)}` });
  }
  return changes;
}

function diffPackages(a: LockedSet, b: LockedSet): readonly LockChange[] {
  const old = byName(a.packages);
  const next = byName(b.packages);
  const names = [...new Set([...old.keys(), ...next.keys()])].sort(byCodeUnit);
  return names.flatMap((name) => {
    const change = diffPackage(old.get(name), next.get(name));
    return change === undefined ? [] : [{ set: a.name, name, ...change }];
  });
}

function diffPackage(
  a: LockedPackage | undefined,
  b: LockedPackage | undefined,
): Pick<LockChange, "kind" | "message"> | undefined {
  if (a === undefined) return { kind: "added", message: `${b?.name} ${b?.version} is new` };
  if (b === undefined) return { kind: "removed", message: `${a.name} ${a.version} is gone` };
  if (a.version !== b.version) return { kind: "version", message: `${a.name} ${a.version} → ${b.version}` };
  const sorted = (item: LockedPackage): string => formatLock({ sets: [{ ...EMPTY, packages: [item] }] });
  if (sorted(a) === sorted(b)) return undefined;
  const what = a.sha256 === b.sha256 ? "its entry" : "its content";
  return { kind: "content", message: `${a.name} ${a.version}: ${what} changed` };
}

const EMPTY: LockedSet = { name: "x", architecture: "x", request: [], suites: [], packages: [] };
