import type { PathArgs } from "@imgbuild/graph";
import type { Caller } from "./call.ts";
import { readArchitecture, readTag } from "./image-fields.ts";
import { workspacePath } from "./place.ts";
import { describeValue } from "./plain.ts";
import type { Problem } from "./problem.ts";
import { type ImageValue, isImage, makeValue, type PathValue, recordOf, type Value } from "./source.ts";

/** What names an image: a value, or the path of an archive or layout. */
export type BaseLike = ImageValue | PathValue | string;

/** The base of an image: an image value, or an archive of the workspace; undefined for none. */
export function readBase(
  caller: Caller,
  given: Readonly<Record<string, unknown>>,
  problems: Problem[],
): ImageValue | Value<"archive"> | undefined {
  const { fromImage = null, fromImageName = null } = given;
  const tag = readTag(given.fromImageTag, "fromImageTag", problems);
  const name = typeof fromImageName === "string" && fromImageName !== "" ? fromImageName : null;
  if (name !== fromImageName) {
    problems.push({ path: "fromImageName", text: `is ${describeValue(fromImageName)}, wanted a repository name` });
  }
  const chooses = name !== null || tag !== null;
  if (chooses && (fromImage === null || isImage(fromImage))) {
    const path = name === null ? "fromImageTag" : "fromImageName";
    const what = fromImage === null ? "is given without fromImage" : "is given with a fromImage that is one image";
    problems.push({ path, text: what, hint: "Leave it out: it chooses one image of an archive" });
  }
  if (fromImage === null) return undefined;
  if (isImage(fromImage)) return fromImage;
  const path = archivePath(caller, fromImage, problems);
  if (path === undefined) return undefined;
  const wanted = wantedArchitecture(given);
  const platform = wanted === undefined ? {} : { platform: { os: "linux", ...wanted } };
  return makeValue<Value<"archive">>({
    kind: "archive",
    args: { path, name, tag, ...platform },
    position: caller.host.position(),
    summary: `archive //${path}`,
  });
}

/**
 * What an image on an archive must be for: what is given, or what sources are made for that have been chosen already.
 * Undefined takes what the archive has. A wrong `architecture` is told by the reader of the image's arguments.
 */
export function wantedArchitecture(
  given: Readonly<Record<string, unknown>>,
): { readonly architecture: string; readonly variant: string | null } | undefined {
  if (given.architecture !== undefined) return readArchitecture(given.architecture, []);
  const sources: unknown[] = [given.copyToRoot, given.contents, given.layers].flat(2);
  const chosen = sources.some((source) => recordOf(source)?.layered !== undefined);
  return chosen ? { architecture: "amd64", variant: null } : undefined;
}

function archivePath(caller: Caller, fromImage: unknown, problems: Problem[]): string | undefined {
  if (typeof fromImage === "string") return workspacePath(fromImage, { dir: caller.dir, path: "fromImage", problems });
  const value = recordOf(fromImage)?.value;
  if (value?.kind === "path") {
    const args = value.args as unknown as PathArgs;
    if (args.include.length === 0 && args.exclude.length === 0) return args.path;
    problems.push({ path: "fromImage", text: "is a path with include or exclude, wanted a whole archive or layout" });
    return undefined;
  }
  const text = `is ${describeValue(fromImage)}, wanted an image, or the path of an archive or OCI layout`;
  const hint = value === undefined ? undefined : "Files are placed with copyToRoot";
  problems.push({ path: "fromImage", text, hint, missing: fromImage === undefined });
  return undefined;
}
