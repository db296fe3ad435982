import type { ImageArgs, JsonValue, LayerSetArgs } from "@imgbuild/graph";
import { readBase } from "./base.ts";
import { baseLayers } from "./base-layers.ts";
import type { Caller } from "./call.ts";
import { readTime } from "./created.ts";
import { readImageArgs, readLayerArgs, readTargetImage } from "./image-args.ts";
import { type LayerUnits, readLayerUnits } from "./layer-units.ts";
import { LAYERED_IMAGE_ATTRIBUTES } from "./layered-options.ts";
import { readChoice, readOptions } from "./options.ts";
import { describeValue } from "./plain.ts";
import { type Problem, quote, throwProblems } from "./problem.ts";
import { type ImageValue, makeValue, type Value } from "./source.ts";

/** {@link DefinitionApi.buildLayeredImage}, {@link DefinitionApi.streamLayeredImage}. */
export function makeLayeredImage(caller: Caller, options: unknown): ImageValue {
  const problems: Problem[] = [];
  const given = readOptions(options, LAYERED_IMAGE_ATTRIBUTES, problems);
  if (problems.some((problem) => problem.path === "")) throwProblems("Cannot make an image", problems);
  const image = readTargetImage(given, problems);
  const base = readBase(caller, given, problems);
  const content = readLayerUnits(caller, given, problems);
  const set: LayerSetArgs = {
    ...readLayerArgs(given, { base, problems }),
    units: content.units.map(({ name, dependsOn }) => ({ name, dependsOn })),
    groups: content.groups,
    ...readSplit(given, { content, problems }),
    reserved: 0,
    mtime: readTime(caller, given.mtime, { path: "mtime", problems }),
    uname: readOwnerName(given.uname, "uname", problems),
    gname: readOwnerName(given.gname, "gname", problems),
  };
  const args: ImageArgs = { ...readImageArgs(caller, given, { base, problems }), history: [] };
  refuseStorePaths(given.includeStorePaths, problems);
  throwProblems(image.name === "" ? "Cannot make an image" : `Cannot make the image ${quote(image.name)}`, problems);
  const layers = content.units.length === 0 ? [] : [layerSetOf(caller, content, { base, args: set })];
  return makeValue<ImageValue>({
    kind: "image",
    args: args as unknown as JsonValue,
    inputs: [...(base === undefined ? [] : [base]), ...layers],
    position: caller.host.position(),
    summary: `image ${image.name}`,
    image,
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

function readSplit(
  given: Readonly<Record<string, unknown>>,
  { content, problems }: { readonly content: LayerUnits; readonly problems: Problem[] },
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
  const byHand = content.groups.length;
  const own = byHand + (content.units.length > content.groups.flat().length ? 1 : 0);
  if (own > maxLayers) {
    const text = `is ${maxLayers}, but layers has ${byHand} entries${own > byHand ? ", and contents needs one more" : ""}`;
    problems.push({ path: "maxLayers", text, hint: `Set maxLayers to ${own} or more` });
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
