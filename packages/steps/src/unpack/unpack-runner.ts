import { fromUnknown, ImgbuildError } from "@imgbuild/errors";
import type { DerivationId, JsonValue, Output, Step, StepRunner, UnpackArgs } from "@imgbuild/graph";
import type { LayerContent } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import type { SweptTree } from "../path/swept-tree.ts";
import { describeSource } from "../tree/describe-source.ts";
import { resolveTree } from "../tree/resolve-tree.ts";
import { type StoredTreeOutput, storedNodes } from "../tree/stored-nodes.ts";

/** What the runner needs. */
export interface UnpackRunnerOptions {
  readonly store: Store;
  readonly swept: (id: DerivationId) => SweptTree;
}

/** Unpacks archives into the store. The code that does it is loaded with the first one. */
export function unpackRunner(options: UnpackRunnerOptions): StepRunner {
  return {
    kind: "unpack",
    mode: "cached",
    version: 1,
    title: () => "unpacked archive",
    run: (step) => runUnpack(step, options),
    blobs: (output) => (output.data as unknown as StoredTreeOutput).blobs,
  };
}

async function runUnpack(step: Step, { store, swept }: UnpackRunnerOptions): Promise<Output> {
  const { derivation, graph, signal } = step;
  const [input] = derivation.inputs;
  if (input === undefined) throw new ImgbuildError("internal", "Internal error: an unpack without an archive");
  const title = describeSource(input, graph);
  const stored = (id: DerivationId) => storedNodes(store, step.output(id), id);
  const content = contentOf(resolveTree(input, { graph, swept, stored }), title);
  const [{ ArchiveFile }, { unpackArchive }] = await Promise.all([
    import("./archive-file.ts"),
    import("./unpack-archive.ts"),
  ]);
  const file = new ArchiveFile(content);
  try {
    const args = derivation.args as unknown as UnpackArgs;
    const progress = (bytes: number) => step.progress(bytes, file.size);
    const { listing, blobs } = await unpackArchive(file, { store, args, title, signal, progress });
    const data: StoredTreeOutput = { tree: listing, blobs, plainDirectories: true };
    return { digest: listing, data: data as unknown as JsonValue };
  } catch (error) {
    throw about(fromUnknown(error, `Cannot unpack ${title}`), title);
  } finally {
    file.close();
  }
}

function contentOf(tree: ReturnType<typeof resolveTree>, title: string): LayerContent | undefined {
  if (tree.kind === "single" && tree.node.type === "file") return tree.node.content;
  const what = tree.kind === "root" ? "a directory" : "a symbolic link";
  throw new ImgbuildError("definition", `Cannot unpack ${title}: it is ${what}, wanted an archive`);
}

/** Errors of readers tell of bytes: say of which archive. */
function about(error: ImgbuildError, title: string): ImgbuildError {
  if (error.message.includes(title) || !["invalid-archive", "unsupported"].includes(error.code)) return error;
  const { hint, position, cause, related } = error;
  const message = `Cannot unpack ${title}: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
  return new ImgbuildError(error.code, message, { hint, position, cause, related });
}
