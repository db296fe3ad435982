import { ImgbuildError } from "@imgbuild/errors";
import type { BuiltTarget } from "./build-targets.ts";

/** Whether a target is a root file system: it has no config that a container could be started with, and no name. */
export function isExport({ deliverables }: BuiltTarget): boolean {
  return deliverables.some(({ references }) => references.length === 0);
}

/** Refuses root file systems where images are wanted. Throws `usage`. */
export function refuseExports(targets: readonly BuiltTarget[], action: string): void {
  const found = targets.find(isExport);
  if (found === undefined) return;
  const { label, position } = found.target;
  throw new ImgbuildError("usage", `Cannot ${action} "${label}": it is a root file system, not an image`, {
    position,
    hint: `Run \`imgbuild export ${label}\` for its tar (docker import takes it), or name the image itself`,
  });
}
