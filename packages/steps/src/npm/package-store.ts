import { existsSync } from "node:fs";
import { ImgbuildError } from "@imgbuild/errors";
import { cachedTarballPaths } from "@imgbuild/npm";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { Downloads, WantedFile } from "../fetch/downloads.ts";
import type { NpmOptions } from "./npm-options.ts";
import type { NpmPackage } from "./package-origin.ts";
import { withRegistryHint } from "./registry-hint.ts";
import { tarballAddresses } from "./tarball-addresses.ts";
import { type UnpackedPackage, unpackPackage } from "./unpack-package.ts";

/** What getting a package needs of its step. */
export interface PackageWatch {
  readonly signal: AbortSignal;
  /** Told the bytes that came and how many there will be, then the bytes that were unpacked. */
  readonly progress: (bytes: number, total?: number) => void;
}

/** Where packages and tarballs are. */
export interface PackageStoreOptions extends NpmOptions {
  readonly store: Store;
  readonly workspaceRoot: string;
  readonly downloads: Downloads;
}

const SPACE = "npm packages 2";

/** No tarball of a registry is larger. */
const MAX_BYTES = 2 ** 31;

/** Unpacked packages by the integrity of their tarballs; what is missing is taken from npm's own cache, or fetched. */
export class PackageStore {
  readonly #options: PackageStoreOptions;

  constructor(options: PackageStoreOptions) {
    this.#options = options;
  }

  /** The unpacked files. Throws what fetching and unpacking throw. */
  async get(unit: NpmPackage, watch: PackageWatch): Promise<UnpackedPackage> {
    const known = this.known(unit);
    if (known !== undefined) return known;
    return (await this.#fromCache(unit, watch)) ?? (await this.#fromSource(unit, watch));
  }

  /** Starts to fetch those of some packages that are nowhere on this machine. */
  async fetchAhead(units: readonly NpmPackage[], signal: AbortSignal): Promise<void> {
    const missing = units.filter((unit) => unit.source.from !== "file" && this.known(unit) === undefined);
    if (missing.length === 0) return;
    for (const unit of missing) {
      const cache = (await this.#options.access(unit.lockRoot)).config.cacheDirectory;
      if (cachedTarballPaths(cache, unit.integrity).some((path) => existsSync(path))) continue;
      this.#options.downloads.start(this.#wanted(unit), signal);
    }
  }

  /** The unpacked files if they are at hand. */
  known({ integrity }: Pick<NpmPackage, "integrity">): UnpackedPackage | undefined {
    const { store } = this.#options;
    const text = store.facts.get(SPACE, integrity);
    if (text === undefined) return undefined;
    const known = parse(text);
    return known?.blobs.every((blob) => store.blobs.size(blob) !== undefined) === true ? known : undefined;
  }

  /** npm's cache is somebody else's: what is not right there is fetched. */
  async #fromCache(unit: NpmPackage, watch: PackageWatch): Promise<UnpackedPackage | undefined> {
    if (unit.source.from === "file") return undefined;
    const { config } = await this.#options.access(unit.lockRoot);
    for (const path of cachedTarballPaths(config.cacheDirectory, unit.integrity)) {
      if (!existsSync(path)) continue;
      try {
        return await this.#unpack(path, unit, watch);
      } catch (error) {
        const code = error instanceof ImgbuildError ? error.code : (error as NodeJS.ErrnoException).code;
        if (!["integrity", "ENOENT", "EACCES"].includes(code ?? "")) throw error;
      }
    }
    return undefined;
  }

  async #fromSource(unit: NpmPackage, watch: PackageWatch): Promise<UnpackedPackage> {
    const { workspaceRoot, downloads } = this.#options;
    if (unit.source.from === "file") return this.#fromFile(`${workspaceRoot}/${unit.source.path}`, unit, watch);
    const wanted = this.#wanted(unit);
    const download = downloads.get(wanted, {
      signal: watch.signal,
      onProgress: ({ received, total }) => watch.progress(received, total),
    });
    const path = await download.catch(async (error: unknown) => {
      throw withRegistryHint(error, unit, (await this.#options.access(unit.lockRoot)).config);
    });
    const unpacked = this.known(unit) ?? (await this.#unpack(path, unit, watch));
    downloads.drop(wanted);
    return unpacked;
  }

  #fromFile(path: string, unit: NpmPackage, watch: PackageWatch): Promise<UnpackedPackage> {
    if (existsSync(path)) return this.#unpack(path, unit, watch);
    const shown = path.slice(this.#options.workspaceRoot.length + 1);
    throw new ImgbuildError(
      "input-missing",
      `Cannot use the package "${titleOf(unit)}": there is no tarball "//${shown}"`,
    );
  }

  #wanted(unit: NpmPackage): WantedFile {
    const addresses = async () => {
      const access = await this.#options.access(unit.lockRoot);
      return { urls: await tarballAddresses(access, unit), fetcher: access.fetcher };
    };
    const isUsed = () => this.known(unit) !== undefined;
    return { integrity: unit.integrity, maxBytes: MAX_BYTES, isUsed, addresses };
  }

  async #unpack(path: string, unit: NpmPackage, { signal, progress }: PackageWatch): Promise<UnpackedPackage> {
    const { store } = this.#options;
    const { integrity } = unit;
    const unpacked = await unpackPackage({ path, integrity, title: titleOf(unit) }, { store, signal, progress });
    store.facts.set(SPACE, integrity, JSON.stringify(unpacked));
    return unpacked;
  }
}

/** `name@version`. */
function titleOf({ name, version }: Pick<NpmPackage, "name" | "version">): string {
  return `${name}@${version}`;
}

function parse(text: string): UnpackedPackage | undefined {
  try {
    const { listing, blobs, installScripts } = JSON.parse(text) as UnpackedPackage & { readonly listing: Digest };
    return Array.isArray(blobs) && Array.isArray(installScripts) ? { listing, blobs, installScripts } : undefined;
  } catch {
    return undefined;
  }
}
