import type { ImageArgs } from "@imgbuild/graph";
import type { ContainerConfig } from "@imgbuild/oci";
import { type ArchiveValue, wantedArchitecture } from "./base.ts";
import type { Caller } from "./call.ts";
import { readCompressor } from "./compressor.ts";
import { readConfig } from "./config.ts";
import { readImageTime } from "./created.ts";
import { readArchitecture, readKeyNames, readName, readTag } from "./image-fields.ts";
import { readChoice, readFlag, readId } from "./options.ts";
import { describeValue, isPlainObject } from "./plain.ts";
import { joinPath, type Problem } from "./problem.ts";
import { type ImageValue, isImage } from "./source.ts";

type Given = Readonly<Record<string, unknown>>;

/** What an image is built on, as the functions that make images read it. */
export type Base = ImageValue | ArchiveValue;

/** What an image is called. */
export function readTargetImage(
  given: Given,
  problems: Problem[],
): {
  readonly name: string;
  readonly tag: string | null;
  readonly compressor: string;
} {
  const name = readName(given.name, problems);
  const tag = readTag(given.tag, "tag", problems);
  return { name, tag, compressor: readCompressor(given, problems) };
}

/** Config and platform of an image; its history is that of the caller. */
export function readImageArgs(
  caller: Caller,
  given: Given,
  { base, problems }: { readonly base: Base | undefined; readonly problems: Problem[] },
): Omit<ImageArgs, "history"> {
  return {
    hasBase: base !== undefined,
    config: withLabels(readConfig(given.config, problems), given.labels, problems),
    inherit: readKeyNames(given.inheritConfig, { path: "inheritConfig", all: true, problems }),
    unset: readKeyNames(given.unset, { path: "unset", all: false, problems }),
    os: "linux",
    ...(readArchitecture(given.architecture, problems) ?? architectureOf(given, base)),
    created: readImageTime(caller, given.created, problems),
    ...readAnnotations(given.annotations, problems),
  };
}

/** Annotations, if there are any. */
export function readAnnotations(value: unknown, problems: Problem[]): Pick<ImageArgs, "annotations"> {
  const entries = readTexts(value, "annotations", problems);
  return entries.length === 0 ? {} : { annotations: Object.fromEntries(entries) };
}

/** How files lie in a layer. */
export function readLayerArgs(
  given: Given,
  { base, problems }: { readonly base: Base | undefined; readonly problems: Problem[] },
): {
  readonly uid: number;
  readonly gid: number;
  readonly hasBase: boolean;
  readonly keepContentsDirlinks: boolean;
  readonly baseLinks: "follow" | "replace";
} {
  const links = { path: "keepContentsDirlinks", fallback: true, problems };
  return {
    uid: readId(given.uid, 0, { path: "uid", problems }),
    gid: readId(given.gid, 0, { path: "gid", problems }),
    hasBase: base !== undefined,
    keepContentsDirlinks: readFlag(given.keepContentsDirlinks, links),
    baseLinks: readChoice(given.baseLinks, ["follow", "replace"], { path: "baseLinks", fallback: "follow", problems }),
  };
}

function architectureOf(given: Given, base: Base | undefined): Pick<ImageArgs, "architecture" | "variant"> {
  if (base === undefined) return { architecture: "amd64", variant: null };
  if (!isImage(base)) return wantedArchitecture(given) ?? { architecture: null, variant: null };
  const { architecture, variant } = base.args as unknown as ImageArgs;
  return { architecture, variant };
}

function withLabels(config: ContainerConfig, labels: unknown, problems: Problem[]): ContainerConfig {
  const merged: [string, string][] = Object.entries(config.Labels ?? {});
  for (const [key, value] of readTexts(labels, "labels", problems)) {
    if (Object.hasOwn(config.Labels ?? {}, key) && config.Labels?.[key] !== value) {
      const text = "is set to something else in config.Labels";
      problems.push({ path: joinPath("labels", key), text, hint: "Keep one of them" });
    } else merged.push([key, value]);
  }
  return merged.length === 0 ? config : { ...config, Labels: Object.fromEntries(merged) };
}

/** The entries of an object of strings; null and undefined have none. */
function readTexts(value: unknown, path: string, problems: Problem[]): [string, string][] {
  if (value === undefined || value === null) return [];
  if (!isPlainObject(value)) {
    problems.push({ path, text: `is ${describeValue(value)}, wanted an object such as { "name": "value" }` });
    return [];
  }
  return Object.entries(value).flatMap(([key, text]): [string, string][] => {
    if (typeof text === "string" && key !== "") return [[key, text]];
    const problem = key === "" ? "has an empty name" : `is ${describeValue(text)}, wanted a string`;
    problems.push({ path: joinPath(path, key), text: problem, missing: text === undefined });
    return [];
  });
}
