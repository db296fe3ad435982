import { type DebControl, mergedUsrPath, parseControlFiles } from "@imgbuild/debian";
import { ImgbuildError } from "@imgbuild/errors";
import type { Step } from "@imgbuild/graph";
import { readStoredTree, type StoredEntry } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import { type DebPackage, debPackageOf, debTitle } from "./deb-package.ts";
import type { DebPackageOutput } from "./deb-package-runner.ts";
import { readDebRecord } from "./deb-record.ts";

/** A package that is in the image. */
export interface SystemPackage {
  readonly unit: DebPackage;
  readonly control: DebControl;
  /** As dpkg lists them. */
  readonly paths: readonly string[];
  readonly conffileMd5: ReadonlyMap<string, string>;
  /** Where its files lie, parents first. */
  readonly entries: readonly StoredEntry[];
}

/** The packages of a `debSystem` step, in the order of its inputs. */
export function systemPackages(step: Step, store: Store): readonly SystemPackage[] {
  return step.derivation.inputs.map((id) => {
    const derivation = step.graph.derivations.get(id);
    if (derivation?.kind !== "debPackage") throw new ImgbuildError("internal", `Internal error: ${id} is no package`);
    const { tree, record: digest } = step.output(id).data as unknown as DebPackageOutput;
    const record = readDebRecord(store, digest);
    const unit = debPackageOf(derivation);
    const files = Object.entries(record.control).map(([name, text]) => [name, Buffer.from(text, "base64")] as const);
    return {
      unit,
      control: parseControlFiles(new Map(files), debTitle(unit)),
      paths: record.paths,
      conffileMd5: new Map(Object.entries(record.conffileMd5)),
      entries: readStoredTree(store, tree),
    };
  });
}

/** The bytes of a file of a package. */
export function bytesOf({ content }: StoredEntry): Buffer {
  if (content === undefined) return Buffer.alloc(0);
  if (content.kind === "stored") return Buffer.from(content.slice(0, content.size));
  throw new ImgbuildError("internal", "Internal error: the content of a package's file is not in the store");
}

/** The path in the image of one that a package names. */
export function imagePathOf(path: string): string {
  return mergedUsrPath(path.replace(/^\/+/, ""));
}
