import { atPosition, fromUnknown, ImgbuildError } from "@imgbuild/errors";
import { type Derivation, hashParts, type JsonValue, type Output, type Step, type StepRunner } from "@imgbuild/graph";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { aboutPackage } from "../fetch/about-package.ts";
import type { Downloads } from "../fetch/downloads.ts";
import type { StoredTreeOutput } from "../tree/stored-nodes.ts";
import type { DebOptions } from "./deb-access.ts";
import { debPackageOf, debTitle } from "./deb-package.ts";
import type { DebStore } from "./deb-store.ts";

/** What the output of a `debPackage` step holds as its data. */
export interface DebPackageOutput extends StoredTreeOutput {
  /** Blob of its `DebRecord`. */
  readonly record: Digest;
}

/** What the runner needs. */
export interface DebRunnerOptions {
  readonly store: Store;
  readonly downloads: Downloads;
  /** Without it packages cannot be had. */
  readonly debian: DebOptions | undefined;
}

/** Gets packages of Debian into the store. */
export interface DebRunner extends StepRunner {
  /** Starts to fetch what steps that are planned will want. */
  fetchAhead(derivations: readonly Derivation[], signal: AbortSignal): Promise<void>;
}

/** A runner of `debPackage`. Its code is loaded with the first package that is not there yet. */
export function debPackageRunner(options: DebRunnerOptions): DebRunner {
  let store: Promise<DebStore> | undefined;
  const open = (): Promise<DebStore> => {
    store ??= openStore(options);
    return store;
  };
  return {
    kind: "debPackage",
    mode: "cached",
    version: 1,
    title: (derivation) => `Debian package ${debTitle(debPackageOf(derivation))}`,
    run: (step) => runPackage(step, open),
    blobs: (output) => (output.data as unknown as DebPackageOutput).blobs,
    async fetchAhead(derivations, signal) {
      const units = derivations.filter(({ kind }) => kind === "debPackage").map(debPackageOf);
      if (units.length > 0) (await open()).fetchAhead(units, signal);
    },
  };
}

async function openStore({ debian, store, downloads }: DebRunnerOptions): Promise<DebStore> {
  if (debian === undefined) {
    throw new ImgbuildError("internal", "Internal error: packages of Debian are not to be had here");
  }
  const { DebStore } = await import("./deb-store.ts");
  return new DebStore({ store, downloads, ...debian });
}

async function runPackage(step: Step, open: () => Promise<DebStore>): Promise<Output> {
  const { derivation, signal } = step;
  const unit = debPackageOf(derivation);
  const title = debTitle(unit);
  try {
    const progress: Step["progress"] = (bytes, total) => step.progress(bytes, total);
    const { listing, blobs, record } = await (await open()).get(unit, { signal, progress });
    const data: DebPackageOutput = { tree: listing, blobs, record };
    return { digest: hashParts("imgbuild.deb", [listing, record]), data: data as unknown as JsonValue };
  } catch (error) {
    throw atPosition(aboutPackage(fromUnknown(error, `Cannot get the package "${title}"`), title), derivation.position);
  }
}
