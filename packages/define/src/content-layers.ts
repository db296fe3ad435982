import type { ImageArgs, JsonValue, LayerArgs, LayerSetArgs } from "@imgbuild/graph";
import { baseLayers } from "./base-layers.ts";
import type { Caller } from "./call.ts";
import { type LayerPart, type LayerUnit, makeValue, recordOf, type Source, type Value } from "./source.ts";
import { uniteSources } from "./unions.ts";

/** Layers that a source gives to an image, and a line of history for each. */
export interface ContentLayers {
  readonly layers: readonly Value[];
  readonly history: readonly string[];
}

/** What the layers of an image have in common. */
export interface ContentOptions {
  readonly base: Value | undefined;
  readonly layer: LayerArgs;
  /** Of the image, for the images in between. */
  readonly image: Omit<ImageArgs, "history">;
}

/** Most layers of an image, as of dockerTools. */
const MAX_LAYERS = 100;

/** Most layers of one source: more of them make pulls and starts slower, and share little more. */
const SET_LAYERS = 24;

/** Layers kept for each later source that is split too. */
const SHARE = SET_LAYERS;

/**
 * The layers of what is copied to the root: one, unless a source says how it should be split; then its own, and one for what
 * comes before and after it. Each lies over what comes before it.
 */
export function contentLayers(caller: Caller, sources: readonly Source[], options: ContentOptions): ContentLayers {
  const stages = stagesOf(caller, sources);
  let below: ContentLayers = { layers: [], history: [] };
  stages.forEach((parts, i) => {
    const base = below.layers.length === 0 ? options.base : imageOf(caller, below, options);
    const later = stages.slice(i + 1).flat();
    const made = parts.map((part, j) =>
      layerOf(caller, part, { ...options, base, later: [...parts.slice(j + 1), ...later] }),
    );
    below = {
      layers: [...below.layers, ...made],
      history: [...below.history, ...parts.map((part) => `copyToRoot ${wordsOf(part)}`)],
    };
  });
  return below;
}

/** Of several sources that are not split the last wins: they are one. */
function stagesOf(caller: Caller, sources: readonly Source[]): (readonly LayerPart[])[] {
  const stages: (readonly LayerPart[])[] = [];
  let plain: Source[] = [];
  const end = () => {
    const [first] = plain;
    if (first === undefined) return;
    stages.push([{ kind: "layer", source: plain.length === 1 ? first : uniteSources(caller, plain, "last") }]);
    plain = [];
  };
  for (const source of sources) {
    const layered = recordOf(source)?.layered;
    if (layered === undefined) {
      plain.push(source);
      continue;
    }
    end();
    for (const part of layered.parts) {
      const last = stages.at(-1);
      const isFirst = part === layered.parts[0] || last === undefined;
      if (isFirst || (part.kind === "layer" && part.over === true)) stages.push([part]);
      else stages[stages.length - 1] = [...last, part];
    }
  }
  end();
  return stages;
}

function layerOf(
  caller: Caller,
  part: LayerPart,
  { base, layer, later }: ContentOptions & { readonly later: readonly LayerPart[] },
): Value {
  const sources = part.kind === "layer" ? [part.source] : part.units.map(({ source }) => source);
  const args: LayerArgs = { ...layer, hasBase: base !== undefined };
  return makeValue<Value>({
    kind: part.kind === "layer" ? "layer" : "layerSet",
    args: (part.kind === "layer" ? args : setArgs(part.units, { args, later })) as unknown as JsonValue,
    inputs: base === undefined ? sources : [...sources, baseLayers(caller, base)],
    position: caller.host.position(),
    summary: part.kind === "layer" ? `layer of ${wordsOf(part)}` : `layers of ${wordsOf(part)}`,
  });
}

function setArgs(
  units: readonly LayerUnit[],
  { args, later }: { readonly args: LayerArgs; readonly later: readonly LayerPart[] },
): LayerSetArgs {
  return {
    ...args,
    units: units.map(({ name, dependsOn }) => ({ name, dependsOn })),
    groups: [],
    algorithm: "size",
    maxLayers: MAX_LAYERS,
    atMost: SET_LAYERS,
    reserved: later.reduce((sum, part) => sum + (part.kind === "layer" ? 1 : SHARE), 0),
    mtime: "1970-01-01T00:00:01Z",
    uname: "",
    gname: "",
  };
}

/** What was made so far, as an image to build on. */
function imageOf(caller: Caller, { layers, history }: ContentLayers, { base, image }: ContentOptions): Value<"image"> {
  return makeValue<Value<"image">>({
    kind: "image",
    args: { ...image, history } as unknown as JsonValue,
    inputs: base === undefined ? layers : [base, ...layers],
    position: caller.host.position(),
    summary: `image below ${layers.length} layers`,
  });
}

function wordsOf(part: LayerPart): string {
  if (part.kind === "layer") return recordOf(part.source)?.summary ?? part.source.kind;
  const [first] = part.units;
  return part.units.length === 1 && first !== undefined ? first.name : `${part.units.length} units`;
}
