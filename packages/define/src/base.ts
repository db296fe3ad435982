import type { ImageArgs, PathArgs } from "@imgbuild/graph";
import type { Caller } from "./call.ts";
import { dependOnArchitecture } from "./for-architecture.ts";
import { platformText, readArchitecture, readTag } from "./image-fields.ts";
import { workspacePath } from "./place.ts";
import { describeValue } from "./plain.ts";
import type { Problem } from "./problem.ts";
import { type ImageValue, isImage, makeValue, type PathValue, recordOf, type Value } from "./source.ts";

/** What names an image: a value, an index of them, the path of an archive or layout, or a source that is one. */
export type BaseLike = ImageValue | PulledValue | Value<"image-index"> | PathValue | MadeValue | string;

/** An archive or layout that is fetched, unpacked or made by a command. */
type MadeValue = Value<"fetchUrl" | "unpack" | "runCommand" | "select">;

/** An image of a registry. */
export type PulledValue = Value<"pullImage">;

/** A base that is read from an archive, a layout or a registry. */
export type ArchiveValue = Value<"archive" | "made-archive" | "pullImage">;

/**
 * The base of an image: an image value, or an archive of the workspace; undefined for none. Of an index, and of an archive
 * that has several platforms under one name, `architecture` chooses.
 */
export function readBase(
  caller: Caller,
  given: Readonly<Record<string, unknown>>,
  problems: Problem[],
): ImageValue | ArchiveValue | undefined {
  const { fromImage = null, fromImageName = null } = given;
  const tag = readTag(given.fromImageTag, "fromImageTag", problems);
  const name = typeof fromImageName === "string" && fromImageName !== "" ? fromImageName : null;
  if (name !== fromImageName) {
    problems.push({ path: "fromImageName", text: `is ${describeValue(fromImageName)}, wanted a repository name` });
  }
  const index = indexOf(fromImage);
  const chooses = name !== null || tag !== null;
  const isOne = isImage(fromImage) || recordOf(fromImage)?.value.kind === "pullImage";
  if (chooses && (fromImage === null || isOne || index !== undefined)) {
    const path = name === null ? "fromImageTag" : "fromImageName";
    const what = fromImage === null ? "is given without fromImage" : "is given with a fromImage that is one image";
    problems.push({ path, text: what, hint: "Leave it out: it chooses one image of an archive" });
  }
  if (fromImage === null) return undefined;
  if (isImage(fromImage)) return fromImage;
  const pulled = recordOf(fromImage)?.value;
  if (pulled?.kind === "pullImage") return pulled as PulledValue;
  if (index !== undefined) return imageOf(index, given, problems);
  const wanted = wantedArchitecture(given);
  const platform = wanted === undefined ? {} : { platform: { os: "linux", ...wanted } };
  const made = recordOf(fromImage);
  if (made !== undefined && MADE.has(made.value.kind)) {
    return makeValue<Value<"made-archive">>({
      kind: "made-archive",
      args: { name, tag, ...platform },
      inputs: [made.value],
      position: caller.host.position(),
      summary: `image in ${made.summary}`,
    });
  }
  const path = archivePath(caller, fromImage, problems);
  if (path === undefined) return undefined;
  return makeValue<Value<"archive">>({
    kind: "archive",
    args: { path, name, tag, ...platform },
    position: caller.host.position(),
    summary: `archive //${path}`,
  });
}

const MADE: ReadonlySet<string> = new Set<MadeValue["kind"]>(["fetchUrl", "unpack", "runCommand", "select"]);

function indexOf(value: unknown): Value<"image-index"> | undefined {
  const found = recordOf(value)?.value;
  return found?.kind === "image-index" ? (found as Value<"image-index">) : undefined;
}

/** The image of an index that is for what is wanted, linux/amd64 where nobody says; one without a variant serves for each. */
function imageOf(
  index: Value<"image-index">,
  given: Readonly<Record<string, unknown>>,
  problems: Problem[],
): ImageValue | undefined {
  const { architecture, variant } = wantedArchitecture(given) ?? { architecture: "amd64", variant: null };
  const images = index.inputs.filter(isImage).map((image) => ({ image, args: image.args as unknown as ImageArgs }));
  const fitting = images.filter(({ args }) => args.architecture === architecture);
  const exact = fitting.filter(({ args }) => args.variant === variant);
  const loose = fitting.filter(({ args }) => variant === null || args.variant === null);
  const [found, ...others] = exact.length > 0 ? exact : loose;
  if (found !== undefined && others.length === 0) return found.image;
  const has = images.map(({ args }) => platformText(args)).join(", ");
  const wanted = platformText({ os: "linux", architecture, variant });
  const text = `is an index of images for ${has}, wanted one for ${wanted}`;
  problems.push({ path: "fromImage", text, hint: "Choose one of its images with architecture" });
  return undefined;
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
  return dependOnArchitecture(sources) ? { architecture: "amd64", variant: null } : undefined;
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
