import { ImgbuildError } from "@imgbuild/errors";
import { compareVersions } from "../text/version.ts";
import type { PackageEntry } from "./package-entry.ts";
import type { PackagesIndex } from "./packages-index.ts";

/** An index among others. */
export interface PoolIndex {
  readonly index: PackagesIndex;
  /** As apt's pins: packages of a higher priority go first, whatever their version. Default 500. */
  readonly priority?: number | undefined;
}

/** Several indexes (main, security, updates) read as one. All are for one architecture, else throws `usage`. */
export class PackagePool {
  readonly architecture: string;
  readonly #indexes: readonly PoolIndex[];
  readonly #candidates = new Map<string, readonly PackageEntry[]>();

  constructor(indexes: readonly PoolIndex[]) {
    const architectures = new Set(indexes.map(({ index }) => index.origin.architecture));
    const [architecture] = architectures;
    if (architecture === undefined || architectures.size > 1) {
      throw new ImgbuildError(
        "usage",
        `Cannot choose packages from indexes for ${[...architectures].join(", ") || "no architecture"}: wanted one`,
      );
    }
    this.architecture = architecture;
    this.#indexes = indexes;
  }

  /** Every version of a package: highest priority, then highest version, then first index. Equal versions once. */
  candidates(name: string): readonly PackageEntry[] {
    const known = this.#candidates.get(name);
    if (known !== undefined) return known;
    const found = this.#collect((index) => index.entries(name));
    found.sort((a, b) => b.priority - a.priority || compareVersions(b.entry.version, a.entry.version));
    const versions = new Set<string>();
    const entries: PackageEntry[] = [];
    for (const { entry } of found) {
      if (versions.has(entry.version)) continue;
      versions.add(entry.version);
      entries.push(entry);
    }
    this.#candidates.set(name, entries);
    return entries;
  }

  /** Names of the packages of which some version provides `name`, each once. */
  providerNames(name: string): readonly string[] {
    return [...new Set(this.#collect((index) => index.providers(name)).map(({ entry }) => entry.name))];
  }

  /** Names of packages with a version that has this field and value. */
  namesWithField(field: string, value: string): readonly string[] {
    return [...new Set(this.#collect((index) => index.withField(field, value)).map(({ entry }) => entry.name))];
  }

  /** All names of packages, some maybe twice. */
  *names(): Generator<string, void, undefined> {
    for (const { index } of this.#indexes) yield* index.names();
  }

  /** Suites of the indexes, each once. */
  suites(): readonly string[] {
    return [...new Set(this.#indexes.map(({ index }) => index.origin.suite))];
  }

  #collect(get: (index: PackagesIndex) => readonly PackageEntry[]): { entry: PackageEntry; priority: number }[] {
    return this.#indexes.flatMap(({ index, priority = 500 }) =>
      get(index)
        .filter((entry) => entry.architecture === this.architecture || entry.architecture === "all")
        .map((entry) => ({ entry, priority })),
    );
  }
}
