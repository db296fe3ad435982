import { ImgbuildError } from "@imgbuild/errors";
import { byCodeUnit } from "../lock/by-code-unit.ts";
import { relativePath } from "../lock/install-path.ts";
import type { Closure, Unit } from "./closure.ts";

/** What stands at one path of the image. */
export type LayoutEntry =
  /** The content of a unit: an unpacked tarball, or the files of a directory of the workspace. */
  | { readonly kind: "unit"; readonly path: string; readonly unit: Unit }
  /** A symbolic link; `target` is relative to the link's own directory. */
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** A closure placed in an image. */
export interface Layout {
  /** Where the workspace is: the working directory to start it in. */
  readonly workingDirectory: string;
  /** Sorted by path. */
  readonly entries: readonly LayoutEntry[];
}

/**
 * Places a closure below `dest` (an absolute path) with the relative layout of the repository, so that Node in the image
 * resolves as it does there: `/app/node_modules/x`, `/app/packages/api/node_modules/y`, and links from
 * `/app/node_modules/shared` to `/app/packages/shared`. A unit may lie inside of another: write the outer one first.
 * Throws `definition` when `dest` is not an absolute, normal path.
 */
export function layoutOf(closure: Closure, { dest }: { readonly dest: string }): Layout {
  const root = normalDestination(dest);
  const at = (path: string) => (path === "" ? root || "/" : `${root}/${path}`);
  const units = closure.units.map((unit): LayoutEntry => ({ kind: "unit", path: at(unit.installPath), unit }));
  const links = [...closure.links, ...closure.binLinks].map((link): LayoutEntry => {
    const directory = link.path.slice(0, Math.max(0, link.path.lastIndexOf("/")));
    return { kind: "link", path: at(link.path), target: relativePath(directory, link.target) };
  });
  const entries = [...units, ...links].sort((a, b) => byCodeUnit(a.path, b.path));
  return { workingDirectory: at(closure.workspace), entries };
}

function normalDestination(dest: string): string {
  const trimmed = dest.replace(/\/+$/, "");
  const parts = trimmed.split("/").slice(1);
  if (dest.startsWith("/") && !dest.includes("\0") && parts.every((part) => !["", ".", ".."].includes(part)))
    return trimmed;
  throw new ImgbuildError("definition", `Cannot place packages at ${JSON.stringify(dest)}: wanted an absolute path`, {
    hint: 'Write it like "/app"',
  });
}
