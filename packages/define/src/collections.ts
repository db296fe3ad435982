import type { ImageArgs, ImageIndexArgs, JsonValue } from "@imgbuild/graph";
import { type BaseLike, readBase } from "./base.ts";
import type { Caller } from "./call.ts";
import { readAnnotations } from "./image-args.ts";
import { platformText, readName, readTag } from "./image-fields.ts";
import { readChoice, readOptions } from "./options.ts";
import { describeValue } from "./plain.ts";
import { joinPath, type Problem, quote, throwProblems } from "./problem.ts";
import { type ImageValue, isImage, makeValue, recordOf, type Value } from "./source.ts";

/** The attributes of {@link DefinitionApi.exportImage}. */
export interface ExportImageOptions {
  /** The image: a value, or the path of an archive or OCI layout of the workspace. */
  readonly fromImage: BaseLike;
  /** Which image of an archive that holds several. */
  readonly fromImageName?: string | null;
  readonly fromImageTag?: string | null;
  /** What to call it in messages. Default the name of the image; needed for an archive, which has none that is known. */
  readonly name?: string;
}

/** Options of {@link DefinitionApi.mergeImages}. */
export interface MergeImagesOptions {
  /** How an archive of them is compressed; default `gz`. */
  readonly compressor?: "none" | "gz" | "zstd";
}

/** The attributes of {@link DefinitionApi.imageIndex}. */
export interface ImageIndexOptions {
  readonly name: string;
  /** Null (default) for the input hash. */
  readonly tag?: string | null;
  /** The images, no two of one platform, in the order of the index. */
  readonly images: readonly ImageValue[];
  /** Annotations of the index. Those of an image stay with its manifest. */
  readonly annotations?: Readonly<Record<string, string>> | null;
}

/** {@link DefinitionApi.exportImage}. */
export function makeExport(caller: Caller, options: unknown): Value<"export"> {
  const problems: Problem[] = [];
  const given = readOptions(options, ["fromImage", "fromImageName", "fromImageTag", "name", "diskSize"], problems);
  if (given.diskSize !== undefined) {
    caller.host.warn("The attribute diskSize has no effect: an image is exported without a virtual machine");
  }
  const base = readBase(caller, given, problems);
  if ((given.fromImage ?? null) === null && problems.length === 0) {
    problems.push({ path: "fromImage", text: "is missing, wanted an image, or the path of an archive or OCI layout" });
  }
  let name = isImage(base) ? base.imageName : "";
  if (typeof given.name === "string" && given.name !== "") name = given.name;
  else if (given.name !== undefined)
    problems.push({ path: "name", text: `is ${describeValue(given.name)}, wanted a name` });
  else if (base !== undefined && !isImage(base)) {
    const hint = 'Write for example name: "rootfs"';
    problems.push({ path: "name", text: "is missing, and the archive does not tell one", hint });
  }
  throwProblems("Cannot export an image", problems);
  return makeValue<Value<"export">>({
    kind: "export",
    args: { name },
    inputs: base === undefined ? [] : [base],
    position: caller.host.position(),
    summary: `files of the image ${name}`,
  });
}

/** {@link DefinitionApi.mergeImages}. */
export function makeMergedImages(caller: Caller, images: unknown, options: unknown = {}): Value<"merge-images"> {
  const problems: Problem[] = [];
  const given = readOptions(options, ["compressor"], problems);
  const compressor = readChoice(given.compressor, ["gz", "none", "zstd"], {
    path: "compressor",
    fallback: "gz",
    problems,
  });
  const inputs = readImages(images, "", problems);
  throwProblems("Cannot merge images", problems);
  const names = inputs.map((image) => ({ name: recordOf(image)?.image?.name ?? "", tag: image.imageTag }));
  return makeValue<Value<"merge-images">>({
    kind: "merge-images",
    args: { images: names, compressor },
    inputs,
    position: caller.host.position(),
    summary: `images ${names.map(({ name }) => name).join(", ")}`,
  });
}

/** {@link DefinitionApi.imageIndex}. */
export function makeImageIndex(caller: Caller, options: unknown): Value<"image-index"> {
  const problems: Problem[] = [];
  const given = readOptions(options, ["name", "tag", "images", "annotations"], problems);
  if (problems.some((problem) => problem.path === "")) throwProblems("Cannot make an image index", problems);
  const name = readName(given.name, problems);
  const tag = readTag(given.tag, "tag", problems);
  const inputs = readImages(given.images, "images", problems);
  const platforms = new Map<string, number>();
  const args: ImageIndexArgs = readAnnotations(given.annotations, problems);
  inputs.forEach((image, i) => {
    const platform = platformText(image.args as unknown as ImageArgs);
    if (platform === undefined) {
      const text = "takes its architecture from an archive, which is not read yet";
      problems.push({ path: joinPath("images", i), text, hint: "Set architecture to what the image is for" });
      return;
    }
    const other = platforms.get(platform);
    if (other === undefined) platforms.set(platform, i);
    else {
      const text = `is for ${platform}, as is images[${other}]`;
      problems.push({ path: joinPath("images", i), text, hint: "Set architecture to what the image is for" });
    }
  });
  throwProblems(name === "" ? "Cannot make an image index" : `Cannot make the image index ${quote(name)}`, problems);
  return makeValue<Value<"image-index">>({
    kind: "image-index",
    args: args as unknown as JsonValue,
    inputs,
    position: caller.host.position(),
    summary: `index ${name}`,
    image: { name, tag, compressor: "gz" },
  });
}

function readImages(value: unknown, path: string, problems: Problem[]): ImageValue[] {
  if (!Array.isArray(value) || value.length === 0) {
    const what = Array.isArray(value) ? "is empty" : `is ${describeValue(value)}`;
    problems.push({ path, text: `${what}, wanted an array of images`, missing: value === undefined });
    return [];
  }
  return Array.from(value as unknown[]).flatMap((image, i) => {
    if (isImage(image)) return [image];
    const text = `is ${describeValue(image)}, wanted an image`;
    const hint =
      typeof image === "string" || recordOf(image)?.value.kind === "path"
        ? 'Make an image of an archive with buildImage({ name, fromImage: "…", inheritConfig: "all" })'
        : undefined;
    problems.push({ path: joinPath(path, i), text, hint, missing: image === undefined });
    return [];
  });
}
