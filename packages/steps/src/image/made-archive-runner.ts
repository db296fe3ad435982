import { atPosition, fromUnknown, ImgbuildError } from "@imgbuild/errors";
import type { DerivationId, MadeArchiveArgs, Output, Step, StepRunner } from "@imgbuild/graph";
import { type ImportFilesOptions, importFiles } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { SweptTree } from "../path/swept-tree.ts";
import { describeSource } from "../tree/describe-source.ts";
import { resolveTree } from "../tree/resolve-tree.ts";
import { storedNodes } from "../tree/stored-nodes.ts";
import { importedOutput, platformOf } from "./archive-runner.ts";
import type { ImageOutput } from "./image-output.ts";

/** What the runner needs. */
export interface MadeArchiveRunnerOptions {
  readonly store: Store;
  readonly swept: (id: DerivationId) => SweptTree;
}

/** Takes an image out of an archive or layout that a step below fetched or made. */
export function madeArchiveRunner(options: MadeArchiveRunnerOptions): StepRunner {
  return {
    kind: "made-archive",
    mode: "cached",
    version: 1,
    title: () => "image of an archive",
    run: (step) => runMadeArchive(step, options),
    blobs: (output) => (output.data as unknown as ImageOutput).blobs,
  };
}

async function runMadeArchive(step: Step, options: MadeArchiveRunnerOptions): Promise<Output> {
  const { derivation, graph, signal } = step;
  const { name, tag, platform } = derivation.args as unknown as MadeArchiveArgs;
  const [input] = derivation.inputs;
  if (input === undefined) throw new ImgbuildError("internal", "Internal error: an archive without a source");
  const { store } = options;
  const label = describeSource(input, graph);
  try {
    const from = contentOf(input, step, options);
    const wanted = platform === undefined ? undefined : platformOf(platform);
    const image = await importFiles({ label, from, pick: { name, tag }, platform: wanted, store, signal });
    return importedOutput(store, image);
  } catch (error) {
    throw atPosition(fromUnknown(error, `Cannot read the image in ${label}`), derivation.position);
  }
}

/** One file is an archive, also where it stands alone in a directory, as a command leaves it. */
function contentOf(input: DerivationId, step: Step, options: MadeArchiveRunnerOptions): ImportFilesOptions["from"] {
  const { store, swept } = options;
  const stored = (id: DerivationId) => storedNodes(store, step.output(id), id);
  const tree = resolveTree(input, { graph: step.graph, swept, stored });
  const nodes = tree.kind === "single" ? [["", tree.node] as const] : [...tree.nodes];
  const files = new Map(nodes.flatMap(([path, { type, content }]) => (type === "file" ? [[path, content]] : [])));
  return files.size === 1 ? { file: [...files.values()][0] } : { files };
}
