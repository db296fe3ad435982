import type { ImageArgs, JsonValue, LayerArgs, LayerSetArgs } from "@imgbuild/graph";
import { readBase } from "./base.ts";
import { baseLayers, certainLayers } from "./base-layers.ts";
import type { Caller } from "./call.ts";
import { readFileTime } from "./created.ts";
import { type Base, readImageArgs, readLayerArgs, readTargetImage } from "./image-args.ts";
import { type LayerUnits, readLayerUnits } from "./layer-units.ts";
import { LAYERED_IMAGE_ATTRIBUTES } from "./layered-options.ts";
import { readChoice, readOptions } from "./options.ts";
import { describeValue } from "./plain.ts";
import { type Problem, quote, throwProblems } from "./problem.ts";
import { readLayeredScripts, type Scripts, scriptLayerOf, scriptSummary } from "./scripts.ts";
import { type ImageValue, makeValue, type Value } from "./source.ts";
import { uniteSources } from "./unions.ts";

/** {@link DefinitionApi.buildLayeredImage}, {@link DefinitionApi.streamLayeredImage}. */
export function makeLayeredImage(caller: Caller, options: unknown): ImageValue {
  const problems: Problem[] = [];
  const given = readOptions(options, LAYERED_IMAGE_ATTRIBUTES, problems);
  if (problems.some((problem) => problem.path === "")) throwProblems("Cannot make an image", problems);
  const image = readTargetImage(given, problems);
  const base = readBase(caller, given, problems);
  const common = readImageArgs(caller, given, { base, problems });
  const content = readLayerUnits(caller, given, { architecture: common.architecture, problems });
  const scripts = readLayeredScripts(given, problems);
  const args: LayerSetArgs = {
    ...readLayerArgs(given, { base, problems }),
    units: content.units.map(({ source: _, ...unit }) => unit),
    groups: content.groups,
    ...readSplit(given, { content, base, onTop: scripts.scripts.length === 0 ? 0 : 1, problems }),
    reserved: scripts.scripts.length === 0 ? 0 : 1,
    mtime: readFileTime(caller, given.mtime, problems),
    uname: readOwnerName(given.uname, "uname", problems),
    gname: readOwnerName(given.gname, "gname", problems),
  };
  refuseStorePaths(given.includeStorePaths, problems);
  throwProblems(image.name === "" ? "Cannot make an image" : `Cannot make the image ${quote(image.name)}`, problems);
  const split = content.units.length === 0 ? [] : [layerSetOf(caller, content, { base, args })];
  const below = base === undefined ? split : [base, ...split];
  const changed =
    scripts.scripts.length === 0 ? [] : [changedBy(caller, scripts, { content, below, image: common, layer: args })];
  return makeValue<ImageValue>({
    kind: "image",
    args: imageArgs(common, [...split.map(() => ""), ...changed.map(() => scriptSummary(scripts, undefined))]),
    inputs: [...below, ...changed],
    position: caller.host.position(),
    summary: `image ${image.name}`,
    image,
  });
}

function imageArgs(common: Omit<ImageArgs, "history">, history: readonly string[]): JsonValue {
  return { ...common, history } satisfies ImageArgs as unknown as JsonValue;
}

/** The layer that scripts add: they see all contents, and what they changed goes on top. */
function changedBy(
  caller: Caller,
  scripts: Scripts,
  on: {
    readonly content: LayerUnits;
    /** The base and the layers of the contents. */
    readonly below: readonly Value[];
    readonly image: Omit<ImageArgs, "history">;
    readonly layer: LayerArgs;
  },
): Value<"scriptLayer"> {
  const sources = on.content.units.map((unit) => unit.source);
  const [first] = sources;
  const source = sources.length <= 1 ? first : uniteSources(caller, sources, "last");
  const base =
    on.below.length === 0
      ? undefined
      : makeValue<Value<"image">>({
          kind: "image",
          args: imageArgs(on.image, []),
          inputs: on.below,
          position: caller.host.position(),
          summary: "image below the scripts",
        });
  const { uid, gid, keepContentsDirlinks, baseLinks } = on.layer;
  return scriptLayerOf(caller, scripts, {
    source,
    base,
    args: { uid, gid, keepContentsDirlinks, baseLinks, hasBase: base !== undefined },
  });
}

function layerSetOf(
  caller: Caller,
  { units }: LayerUnits,
  { base, args }: { readonly base: Value | undefined; readonly args: LayerSetArgs },
): Value<"layerSet"> {
  const sources = units.map((unit) => unit.source);
  return makeValue<Value<"layerSet">>({
    kind: "layerSet",
    args: args as unknown as JsonValue,
    inputs: base === undefined ? sources : [...sources, baseLayers(caller, base)],
    position: caller.host.position(),
    summary: `layers of ${units.length} units`,
  });
}

interface SplitOptions {
  readonly content: LayerUnits;
  readonly base: Base | undefined;
  /** Layers that scripts add. */
  readonly onTop: number;
  readonly problems: Problem[];
}

function readSplit(
  given: Readonly<Record<string, unknown>>,
  { content, base, onTop, problems }: SplitOptions,
): Pick<LayerSetArgs, "maxLayers" | "algorithm"> {
  const { maxLayers = 100 } = given;
  const algorithm = readChoice(given.layering, ["size", "popularity"], {
    path: "layering",
    fallback: "size",
    problems,
  });
  if (typeof maxLayers !== "number" || !Number.isSafeInteger(maxLayers) || maxLayers <= 1) {
    problems.push({ path: "maxLayers", text: `is ${describeValue(maxLayers)}, wanted a whole number above 1` });
    return { maxLayers: 100, algorithm };
  }
  const parts = [
    [certainLayers(base), "in the base"],
    [content.groups.length, "by hand"],
    [content.units.length > content.groups.flat().length ? 1 : 0, "for contents"],
    [onTop, "for scripts"],
  ] as const;
  const needed = parts.reduce((sum, [count]) => sum + count, 0);
  if (needed > maxLayers) {
    const words = parts.filter(([count]) => count > 0).map(([count, where]) => `${count} ${where}`);
    const text = `is ${maxLayers}, but the image needs ${needed} layers: ${words.join(", ")}`;
    problems.push({ path: "maxLayers", text, hint: `Set maxLayers to ${needed} or more` });
  }
  return { maxLayers, algorithm };
}

function readOwnerName(value: unknown, path: string, problems: Problem[]): string {
  if (value === undefined) return "";
  if (typeof value === "string" && /^[^\0:\n]*$/.test(value) && !/\p{Surrogate}/u.test(value)) return value;
  problems.push({ path, text: `is ${describeValue(value)}, wanted the name of an owner, such as "app"` });
  return "";
}

function refuseStorePaths(value: unknown, problems: Problem[]): void {
  if (value === undefined || value === true) return;
  problems.push({
    path: "includeStorePaths",
    text: `is ${describeValue(value)}, wanted true: files stand at their own places, and there is no store that a container could mount`,
    hint: "Leave it out; mount what the image should not hold as a volume, or make it a base of its own",
  });
}
