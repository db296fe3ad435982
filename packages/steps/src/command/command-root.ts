import { mkdirSync } from "node:fs";
import { ImgbuildError } from "@imgbuild/errors";
import { hashParts, MACHINE_PLACES, SANDBOX_PLACES } from "@imgbuild/graph";
import { entryTar, type LayerData } from "@imgbuild/image";
import { extract, type SandboxBind, type SandboxRoot, writeAll } from "@imgbuild/sandbox";
import type { Store } from "@imgbuild/store";
import type { OpenedSandbox } from "../script/open-sandbox.ts";
import { unpackBase, unpackOnce } from "../script/unpack-base.ts";
import type { SourceNode } from "../tree/source-tree.ts";
import { entriesOf } from "./command-files.ts";

/** What laying out a file system needs. */
export interface RootContext extends Pick<OpenedSandbox, "sandbox" | "place"> {
  readonly store: Store;
  readonly signal: AbortSignal;
}

/** The layers of an image, unpacked once, lowest first. */
export function imageDirectories(layers: readonly LayerData[], context: RootContext): Promise<string[]> {
  return unpackBase(layers, context);
}

/** A source unpacked as a root file system: once, whoever runs on it. `key` says what it is. */
export async function sourceDirectory(
  nodes: ReadonlyMap<string, SourceNode>,
  key: readonly string[],
  context: RootContext,
): Promise<string> {
  const { sandbox, signal } = context;
  const feed = (stdin: Parameters<typeof writeAll>[0]) => writeAll(stdin, entryTar(entriesOf(nodes)));
  const unpack = (directory: string) => {
    mkdirSync(directory, { mode: 0o755 });
    return extract(sandbox.abilities, { directory, signal, feed });
  };
  const name = `tree-${hashParts("imgbuild.command-root", key)}`;
  const [directory = ""] = await unpackOnce([{ name, title: "a source", unpack }], context);
  return directory;
}

const TAKEN: ReadonlySet<string> = new Set([...MACHINE_PLACES, ...SANDBOX_PLACES]);

/** A root with the programs of this machine: what stands at the top of `upper` is brought in, and nothing else. */
export function machineRoot(
  nodes: ReadonlyMap<string, SourceNode>,
  upper: string,
): { readonly root: SandboxRoot; readonly binds: SandboxBind[] } {
  const tops = new Set([...nodes.keys()].filter((path) => path !== "").map((path) => path.split("/")[0] ?? ""));
  const binds = [...tops].sort().map((name): SandboxBind => {
    if (TAKEN.has(name)) {
      throw new ImgbuildError(
        "conflict",
        `Cannot run a command: its inputs have something at "/${name}", where programs of this machine are`,
        {
          hint: "If it is a root file system, give it as root; else place it elsewhere with inputs: { … }",
        },
      );
    }
    if (nodes.get(name)?.type === "symlink") {
      throw new ImgbuildError("conflict", `Cannot run a command: its inputs have a symbolic link at "/${name}"`, {
        hint: "Place it below a directory, or give the command a root file system with root",
      });
    }
    return { source: `${upper}/${name}`, target: `/${name}`, readOnly: false };
  });
  return { root: { kind: "host" }, binds };
}
