import { atPosition, fromUnknown, ImgbuildError } from "@imgbuild/errors";
import type { Derivation, JsonValue, Output, Step, StepRunner } from "@imgbuild/graph";
import type { Store } from "@imgbuild/store";
import { aboutPackage } from "../fetch/about-package.ts";
import type { Downloads } from "../fetch/downloads.ts";
import type { StoredTreeOutput } from "../tree/stored-nodes.ts";
import type { NpmOptions } from "./npm-options.ts";
import { type NpmPackage, npmPackageOf } from "./package-origin.ts";
import type { PackageStore } from "./package-store.ts";
import { type PlannedPackage, RefusedScripts } from "./refused-scripts.ts";

/** What the runner needs. */
export interface NpmRunnerOptions {
  readonly store: Store;
  readonly workspaceRoot: string;
  readonly downloads: Downloads;
  /** Without it packages cannot be had. */
  readonly npm: NpmOptions | undefined;
}

/** Gets packages of npm into the store. */
export interface NpmRunner extends StepRunner {
  /** Starts to fetch what steps that are planned will want. */
  fetchAhead(derivations: readonly Derivation[], signal: AbortSignal): Promise<void>;
}

/** A runner of `npmPackage`. Its code is loaded with the first package that is not there yet. */
export function npmPackageRunner(options: NpmRunnerOptions): NpmRunner {
  const refused = new RefusedScripts();
  let store: Promise<PackageStore> | undefined;
  const open = (): Promise<PackageStore> => {
    store ??= openStore(options);
    return store;
  };
  return {
    kind: "npmPackage",
    mode: "cached",
    version: 1,
    title: (derivation) => `npm package ${titleOf(npmPackageOf(derivation))}`,
    run: (step) => runPackage(step, { open, refused }),
    blobs: (output) => (output.data as unknown as StoredTreeOutput).blobs,
    async fetchAhead(derivations, signal) {
      const units = derivations.filter(({ kind }) => kind === "npmPackage").map(plannedPackage);
      refused.plan(units);
      if (units.length > 0) await (await open()).fetchAhead(units, signal);
    },
  };
}

async function openStore({ npm, ...options }: NpmRunnerOptions): Promise<PackageStore> {
  if (npm === undefined) throw new ImgbuildError("internal", "Internal error: packages of npm are not to be had here");
  const { PackageStore } = await import("./package-store.ts");
  return new PackageStore({ ...options, ...npm });
}

function titleOf({ name, version }: NpmPackage): string {
  return `${name}@${version}`;
}

async function runPackage(
  step: Step,
  { open, refused }: { readonly open: () => Promise<PackageStore>; readonly refused: RefusedScripts },
): Promise<Output> {
  const { derivation, signal } = step;
  const unit = plannedPackage(derivation);
  const title = titleOf(unit);
  const store = await open();
  const progress = (bytes: number, total?: number) => step.progress(bytes, total);
  const unpacked = await store.get(unit, { signal, progress }).catch((error: unknown) => {
    throw atPosition(aboutPackage(fromUnknown(error, `Cannot get the package "${title}"`), title), derivation.position);
  });
  await refused.check(unit, unpacked, {
    get: (other) => store.get(other, { signal, progress: () => undefined }),
    known: (other) => store.known(other),
  });
  const { listing, blobs } = unpacked;
  const data: StoredTreeOutput = { tree: listing, blobs };
  return { digest: listing, data: data as unknown as JsonValue };
}

function plannedPackage(derivation: Derivation): PlannedPackage {
  return { ...npmPackageOf(derivation), position: derivation.position };
}
