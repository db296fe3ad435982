import type { ImageArgs, JsonValue, LayerArgs } from "@imgbuild/graph";
import type { ContainerConfig } from "@imgbuild/oci";
import { readBase } from "./base.ts";
import type { Caller } from "./call.ts";
import { readConfig } from "./config.ts";
import { readSource } from "./files.ts";
import { readArchitecture, readCreated, readKeyNames, readName, readTag } from "./image-fields.ts";
import { BUILD_IMAGE_ATTRIBUTES } from "./image-options.ts";
import { readChoice, readFlag, readId, readOptions } from "./options.ts";
import { describeValue, isPlainObject } from "./plain.ts";
import { joinPath, type Problem, quote, throwProblems } from "./problem.ts";
import { type ImageValue, isImage, makeValue, recordOf, type Source, type Value } from "./source.ts";
import { readSources, uniteSources } from "./unions.ts";

const COMPRESSORS = ["gz", "none", "zstd"] as const;

/** {@link DefinitionApi.buildImage}. */
export function makeImage(caller: Caller, options: unknown): ImageValue {
  const problems: Problem[] = [];
  const given = readOptions(options, BUILD_IMAGE_ATTRIBUTES, problems);
  if (problems.some((problem) => problem.path === "")) throwProblems("Cannot make an image", problems);
  const name = readName(given.name, problems);
  const tag = readTag(given.tag, "tag", problems);
  const base = readBase(caller, given, problems);
  const content = readContent(caller, given, problems);
  const layer: LayerArgs = {
    uid: readId(given.uid, 0, { path: "uid", problems }),
    gid: readId(given.gid, 0, { path: "gid", problems }),
    hasBase: base !== undefined,
    keepContentsDirlinks: readFlag(given.keepContentsDirlinks, { path: "keepContentsDirlinks", fallback: true, problems }),
    baseLinks: readChoice(given.baseLinks, ["follow", "replace"], { path: "baseLinks", fallback: "follow", problems }),
  };
  const args: ImageArgs = {
    hasBase: base !== undefined,
    config: withLabels(readConfig(given.config, problems), given.labels, problems),
    inherit: readKeyNames(given.inheritConfig, { path: "inheritConfig", all: true, problems }),
    unset: readKeyNames(given.unset, { path: "unset", all: false, problems }),
    os: "linux",
    ...(readArchitecture(given.architecture, problems) ?? architectureOf(base)),
    created: readCreated(given.created, problems),
    history: content === undefined ? [] : [`copyToRoot ${recordOf(content)?.summary ?? content.kind}`],
  };
  const compressor = readChoice(given.compressor, COMPRESSORS, { path: "compressor", fallback: "gz", problems });
  throwProblems(name === "" ? "Cannot make an image" : `Cannot make the image ${quote(name)}`, problems);
  const inputs = [
    ...(base === undefined ? [] : [base]),
    ...(content === undefined ? [] : [layerOf(caller, content, { base, args: layer })]),
  ];
  return makeValue<ImageValue>({
    kind: "image",
    args: args as unknown as JsonValue,
    inputs,
    position: caller.host.position(),
    summary: `image ${name}`,
    image: { name, tag, compressor },
  });
}

function readContent(
  caller: Caller,
  given: Readonly<Record<string, unknown>>,
  problems: Problem[],
): Source | undefined {
  const both = given.contents !== undefined && given.copyToRoot !== undefined;
  if (both) {
    problems.push({
      path: "contents",
      text: "is given beside copyToRoot, wanted one of them",
      hint: "Keep copyToRoot",
    });
  }
  const path = given.contents === undefined ? "copyToRoot" : "contents";
  if (path === "contents" && !both) caller.host.warn("The attribute contents is deprecated: rename it to copyToRoot");
  const value = given[path];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) return readSource(caller, value, { path, problems });
  const sources = readSources(caller, value, { path, problems });
  return sources.length <= 1 ? sources[0] : uniteSources(caller, sources, "last");
}

function layerOf(
  caller: Caller,
  content: Source,
  { base, args }: { readonly base: Value | undefined; readonly args: LayerArgs },
): Value<"layer"> {
  return makeValue<Value<"layer">>({
    kind: "layer",
    args: args as unknown as JsonValue,
    inputs: base === undefined ? [content] : [content, baseLayers(caller, base)],
    position: caller.host.position(),
    summary: `layer of ${recordOf(content)?.summary ?? content.kind}`,
  });
}

/** What an image is built on, apart from the config. */
export function baseLayers(caller: Caller, base: Value): Value<"base-layers"> {
  return makeValue<Value<"base-layers">>({
    kind: "base-layers",
    args: {},
    inputs: [base],
    position: caller.host.position(),
    summary: `layers of ${recordOf(base)?.summary ?? base.kind}`,
  });
}

function architectureOf(base: ImageValue | Value<"archive"> | undefined): {
  readonly architecture: string;
  readonly variant: string | null;
} {
  if (!isImage(base)) return { architecture: "amd64", variant: null };
  const { architecture, variant } = base.args as unknown as ImageArgs;
  return { architecture, variant };
}

function withLabels(config: ContainerConfig, labels: unknown, problems: Problem[]): ContainerConfig {
  if (labels === undefined || labels === null) return config;
  if (!isPlainObject(labels)) {
    problems.push({
      path: "labels",
      text: `is ${describeValue(labels)}, wanted an object such as { "name": "value" }`,
    });
    return config;
  }
  const merged: [string, string][] = Object.entries(config.Labels ?? {});
  for (const [key, value] of Object.entries(labels)) {
    const path = joinPath("labels", key);
    if (typeof value !== "string" || key === "") {
      const text = key === "" ? "has an empty name" : `is ${describeValue(value)}, wanted a string`;
      problems.push({ path, text, missing: value === undefined });
    } else if (Object.hasOwn(config.Labels ?? {}, key) && config.Labels?.[key] !== value) {
      problems.push({ path, text: "is set to something else in config.Labels", hint: "Keep one of them" });
    } else merged.push([key, value]);
  }
  return merged.length === 0 ? config : { ...config, Labels: Object.fromEntries(merged) };
}
