import { byCodeUnit } from "../text/by-code-unit.ts";
import type { LockedPackage } from "./lock.ts";

/** The packages of a lock, each once, and what sets call them. */
export class PackageTable {
  readonly #byName = new Map<string, Map<string, LockedPackage>>();

  /** Equal files are one package; what it needs is what any of them needs. */
  constructor(packages: Iterable<LockedPackage>) {
    for (const item of packages) {
      const alike = this.#byName.get(item.name) ?? new Map<string, LockedPackage>();
      this.#byName.set(item.name, alike);
      const key = `${item.architecture} ${item.version} ${item.sha256}`;
      const depends = [...new Set([...(alike.get(key)?.depends ?? []), ...item.depends])].sort(byCodeUnit);
      alike.set(key, { ...(alike.get(key) ?? item), depends });
    }
  }

  /** By name, architecture, version and hash. */
  all(): readonly LockedPackage[] {
    const names = [...this.#byName].sort(([a], [b]) => byCodeUnit(a, b));
    return names.flatMap(([, alike]) => [...alike].sort(([a], [b]) => byCodeUnit(a, b)).map(([, item]) => item));
  }

  /** What a set for `architecture` calls a package: its name, and as much more as it needs to be the only one. */
  reference({ name, version, sha256 }: LockedPackage, architecture: string): string {
    const names = [name, `${name}=${version}`];
    return names.find((text) => this.find(text, architecture).length === 1) ?? `${name}=${version}#${sha256}`;
  }

  /** The packages that a reference may mean. */
  find(reference: string, architecture: string): readonly LockedPackage[] {
    const [, name = "", version, sha256] = /^([^=]*)(?:=([^#]*)(?:#(.*))?)?$/.exec(reference) ?? [];
    return [...(this.#byName.get(name)?.values() ?? [])].filter(
      (item) =>
        (item.architecture === architecture || item.architecture === "all") &&
        (version === undefined || item.version === version) &&
        (sha256 === undefined || item.sha256 === sha256),
    );
  }
}
