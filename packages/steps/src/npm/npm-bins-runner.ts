import type { DerivationId, JsonValue, NpmBinsArgs, Output, Step, StepRunner } from "@imgbuild/graph";
import { readStoredTree, StoredTreeWriter } from "@imgbuild/image";
import { type BinOwner, binLinksOf, readBins } from "@imgbuild/npm";
import type { Store } from "@imgbuild/store";
import type { StoredTreeOutput } from "../tree/stored-nodes.ts";

/** Links to the commands of packages that a lock does not name. */
export function npmBinsRunner({ store }: { readonly store: Store }): StepRunner {
  return {
    kind: "npmBins",
    mode: "cached",
    version: 1,
    title: (derivation) => `commands of ${(derivation.args as unknown as NpmBinsArgs).owners.length} npm packages`,
    run: (step) => linkBins(step, store),
    blobs: (output) => (output.data as unknown as StoredTreeOutput).blobs,
  };
}

async function linkBins(step: Step, store: Store): Promise<Output> {
  const { owners } = step.derivation.args as unknown as NpmBinsArgs;
  const links = binLinksOf(
    owners.map(({ path, name }, i): BinOwner => {
      const input = step.derivation.inputs[i];
      return { path, bins: readBins(input === undefined ? undefined : binField(input, { step, store }), name) };
    }),
  );
  const writer = new StoredTreeWriter(store);
  try {
    for (const { path, target } of links) {
      const modules = path.slice(0, path.lastIndexOf("/.bin/"));
      const rest = { type: "symlink", mode: 0o777, uid: 0, gid: 0 } as const;
      writer.add({ ...rest, path, target: `../${target.slice(modules.length + 1)}` });
    }
    const { listing, blobs } = writer.commit();
    const data: StoredTreeOutput = { tree: listing, blobs };
    return { digest: listing, data: data as unknown as JsonValue };
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** The field `bin` of the package.json of an unpacked package. */
function binField(id: DerivationId, { step, store }: { readonly step: Step; readonly store: Store }): unknown {
  const { tree } = step.output(id).data as unknown as StoredTreeOutput;
  const content = readStoredTree(store, tree).find(({ path }) => path === "package.json")?.content;
  if (content?.kind !== "stored") return undefined;
  const text = Buffer.from(content.slice(0, content.size))
    .toString("utf8")
    .replace(/^\uFEFF/, "");
  return (JSON.parse(text) as { readonly bin?: unknown }).bin;
}
