import type { ImageArgs } from "@imgbuild/graph";
import type { ContainerConfig } from "@imgbuild/oci";
import { wantedArchitecture } from "./base.ts";
import type { Caller } from "./call.ts";
import { readConfig } from "./config.ts";
import { readTime } from "./created.ts";
import { readArchitecture, readKeyNames, readName, readTag } from "./image-fields.ts";
import { readChoice, readFlag, readId } from "./options.ts";
import { describeValue, isPlainObject } from "./plain.ts";
import { joinPath, type Problem } from "./problem.ts";
import { type ImageValue, isImage, type Value } from "./source.ts";

type Given = Readonly<Record<string, unknown>>;

const COMPRESSORS = ["gz", "none", "zstd"] as const;

/** What an image is built on, as the functions that make images read it. */
export type Base = ImageValue | Value<"archive">;

/** What an image is called. */
export function readTargetImage(
  given: Given,
  problems: Problem[],
): {
  readonly name: string;
  readonly tag: string | null;
  readonly compressor: "none" | "gz" | "zstd";
} {
  const name = readName(given.name, problems);
  const tag = readTag(given.tag, "tag", problems);
  const compressor = readChoice(given.compressor, COMPRESSORS, { path: "compressor", fallback: "gz", problems });
  return { name, tag, compressor };
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
    created: readTime(caller, given.created, { path: "created", problems }),
  };
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
