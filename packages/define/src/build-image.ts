import type { ImageArgs, JsonValue, LayerArgs } from "@imgbuild/graph";
import { readBase } from "./base.ts";
import type { Caller } from "./call.ts";
import { contentLayers } from "./content-layers.ts";
import { readSource } from "./files.ts";
import { forArchitecture } from "./for-architecture.ts";
import { readImageArgs, readLayerArgs, readTargetImage } from "./image-args.ts";
import { BUILD_IMAGE_ATTRIBUTES } from "./image-options.ts";
import { readOptions } from "./options.ts";
import { type Problem, quote, throwProblems } from "./problem.ts";
import { readImageScripts, scriptLayerOf, scriptSummary } from "./scripts.ts";
import { type ImageValue, makeValue, type Source } from "./source.ts";
import { readSources, uniteSources } from "./unions.ts";

/** {@link DefinitionApi.buildImage}. */
export function makeImage(caller: Caller, options: unknown): ImageValue {
  const problems: Problem[] = [];
  const given = readOptions(options, BUILD_IMAGE_ATTRIBUTES, problems);
  if (problems.some((problem) => problem.path === "")) throwProblems("Cannot make an image", problems);
  const image = readTargetImage(given, problems);
  const base = readBase(caller, given, problems);
  const sources = readContent(caller, given, problems);
  const layer: LayerArgs = readLayerArgs(given, { base, problems });
  const scripts = readImageScripts(caller, given, problems);
  const common = readImageArgs(caller, given, { base, problems });
  const { name } = image;
  throwProblems(name === "" ? "Cannot make an image" : `Cannot make the image ${quote(name)}`, problems);
  const own = forArchitecture(sources, common.architecture);
  const content = own.length <= 1 ? own[0] : uniteSources(caller, own, "last");
  const { layers, history } =
    scripts.scripts.length > 0
      ? {
          layers: [scriptLayerOf(caller, scripts, { source: content, base, args: layer })],
          history: [scriptSummary(scripts, content)],
        }
      : contentLayers(caller, own, { base, layer, image: common });
  const args: ImageArgs = { ...common, history };
  const inputs = base === undefined ? layers : [base, ...layers];
  return makeValue<ImageValue>({
    kind: "image",
    args: args as unknown as JsonValue,
    inputs,
    position: caller.host.position(),
    summary: `image ${name}`,
    image,
  });
}

function readContent(caller: Caller, given: Readonly<Record<string, unknown>>, problems: Problem[]): readonly Source[] {
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
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return readSources(caller, value, { path, problems });
  const source = readSource(caller, value, { path, problems });
  return source === undefined ? [] : [source];
}
