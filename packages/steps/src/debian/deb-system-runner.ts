import type { DebSystemArgs, Derivation, JsonValue, Output, Step, StepRunner } from "@imgbuild/graph";
import type { Store } from "@imgbuild/store";
import type { StoredTreeOutput } from "../tree/stored-nodes.ts";
import type { DebOptions } from "./deb-access.ts";

/** What the runner needs. */
export interface DebSystemOptions {
  readonly store: Store;
  readonly debian: Pick<DebOptions, "warn"> | undefined;
}

/** Writes what dpkg and the scripts of packages would have written. Its code is loaded with the first that is not there yet. */
export function debSystemRunner(options: DebSystemOptions): StepRunner {
  return {
    kind: "debSystem",
    mode: "cached",
    // Raised with every change of what helpers make, recipes and reading of scripts included.
    version: 9,
    title: ({ inputs }: Derivation) => `Debian system of ${inputs.length} packages`,
    run: (step) => runSystem(step, options),
    blobs: (output) => (output.data as unknown as StoredTreeOutput).blobs,
  };
}

async function runSystem(step: Step, { store, debian }: DebSystemOptions): Promise<Output> {
  const { writeSystem } = await import("./write-system.ts");
  const args = step.derivation.args as unknown as DebSystemArgs;
  const { listing, blobs } = await writeSystem(step, args, { store, warn: (message) => debian?.warn(message) });
  const data: StoredTreeOutput = { tree: listing, blobs };
  return { digest: listing, data: data as unknown as JsonValue };
}
