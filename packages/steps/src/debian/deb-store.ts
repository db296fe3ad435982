import { ImgbuildError } from "@imgbuild/errors";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { Downloads, WantedFile } from "../fetch/downloads.ts";
import type { DebOptions } from "./deb-access.ts";
import { type DebPackage, debTitle } from "./deb-package.ts";
import { leaveOut, leavesOut } from "./leave-out.ts";
import { type UnpackedDeb, unpackDeb } from "./unpack-deb.ts";

/** What getting a package needs of its step. */
export interface DebWatch {
  readonly signal: AbortSignal;
  /** Told the bytes that came, then those that were unpacked. */
  readonly progress: (bytes: number, total?: number) => void;
}

/** Where packages and downloads are. */
export interface DebStoreOptions extends DebOptions {
  readonly store: Store;
  readonly downloads: Downloads;
}

const SPACE = "debian packages 1";

/** Unpacked packages by the hash of their files; what is missing is fetched. */
export class DebStore {
  readonly #options: DebStoreOptions;

  constructor(options: DebStoreOptions) {
    this.#options = options;
  }

  /** The unpacked files, less what is left out. Throws what fetching and unpacking throw. */
  async get(unit: DebPackage, watch: DebWatch): Promise<UnpackedDeb> {
    const { store } = this.#options;
    const whole = this.#known(unit) ?? (await this.#fetch(unit, watch));
    return leavesOut(unit.leaveOut) ? leaveOut(whole, unit.leaveOut, store) : whole;
  }

  /** Starts to fetch those of some packages that are not here. */
  fetchAhead(units: readonly DebPackage[], signal: AbortSignal): void {
    for (const unit of units) {
      if (this.#known(unit) === undefined) this.#options.downloads.start(this.#wanted(unit), signal);
    }
  }

  #known({ sha256 }: DebPackage): UnpackedDeb | undefined {
    const { store } = this.#options;
    const known = parse(store.facts.get(SPACE, sha256));
    return known?.blobs.every((blob) => store.blobs.size(blob) !== undefined) === true ? known : undefined;
  }

  async #fetch(unit: DebPackage, { signal, progress }: DebWatch): Promise<UnpackedDeb> {
    const { store, downloads } = this.#options;
    const wanted = this.#wanted(unit);
    const path = await downloads
      .get(wanted, { signal, onProgress: ({ received, total }) => progress(received, total) })
      .catch((error: unknown) => {
        throw gone(error, unit);
      });
    const unpacked = await unpackDeb(path, unit, { store, signal, progress });
    store.facts.set(SPACE, unit.sha256, JSON.stringify(unpacked));
    downloads.drop(wanted);
    return unpacked;
  }

  #wanted({ suite, path, sha256, size }: DebPackage): WantedFile {
    const addresses = async () => {
      const { fetcher, addresses: of } = await this.#options.access();
      return { urls: await of(suite, path), fetcher };
    };
    return { integrity: `sha256:${sha256}`, size, maxBytes: size, addresses };
  }
}

/** Archives drop a version when a newer one comes. */
function gone(error: unknown, unit: DebPackage): unknown {
  if (!(error instanceof ImgbuildError) || error.code !== "not-found") return error;
  if (error.message.startsWith("Cannot find a mirror")) return error;
  return new ImgbuildError(
    "not-found",
    `Cannot get the package "${debTitle(unit)}": the mirror no longer has "${unit.path}" of "${unit.suite}"`,
    { hint: `Run \`imgbuild lock --update ${unit.name}\` to take the version that it has now`, cause: error },
  );
}

function parse(text: string | undefined): UnpackedDeb | undefined {
  if (text === undefined) return undefined;
  try {
    const { listing, blobs, record } = JSON.parse(text) as UnpackedDeb & { readonly record: Digest };
    return Array.isArray(blobs) && blobs.includes(record) ? { listing, blobs, record } : undefined;
  } catch {
    return undefined;
  }
}
