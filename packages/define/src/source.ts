import type { JsonValue, TargetImage } from "@imgbuild/graph";

declare const valueBrand: unique symbol;

/** What every value of the API is: frozen plain data that stands for one derivation. */
export interface Value<Kind extends string = string> {
  readonly kind: Kind;
  /** Plain data; its shape belongs to the kind. */
  readonly args: JsonValue;
  readonly inputs: readonly Value[];
  /** Only the functions of the API make values; a copy is not one. */
  readonly [valueBrand]: true;
}

/** A file or directory of the workspace ({@link DefinitionApi.path}). */
export type PathValue = Value<"path">;

const SOURCE_KIND_NAMES = [
  "path",
  "file",
  "link",
  "directory",
  "tree",
  "merge",
  "npmPackage",
  "npmBins",
  "debPackage",
  "debSystem",
  "fetchUrl",
  "unpack",
  "runCommand",
  "select",
] as const;

/** Something that can be placed in an image: files, or a tree of them. */
export type Source = Value<(typeof SOURCE_KIND_NAMES)[number]>;

/** A source, or the path of one as text. */
export type SourceLike = Source | string;

/** An image. Exporting it makes it a target; importing it elsewhere makes it a base. */
export interface ImageValue extends Value<"image"> {
  /** The repository name, lower case. */
  readonly imageName: string;
  /** Null when the tag is the input hash, which is known only after evaluation. */
  readonly imageTag: string | null;
}

/** Line and column of the evaluated script, `line:column`, or null when nobody knows. The host maps it to the source. */
export type RawPosition = string | null;

/** What is known of a value beyond what its user sees. */
export interface ValueRecord {
  readonly value: Value;
  readonly position: RawPosition;
  readonly image: TargetImage | null;
  /** A few words for history and messages: `path //images/site/public`. */
  readonly summary: string;
  /** {@link Derivation.origin}. */
  readonly origin: string | undefined;
  readonly layered: Layered | undefined;
}

/** What a source knows of how it should be split over the layers of an image. */
export interface Layered {
  /** The same source for images of another architecture. */
  readonly forArchitecture: (architecture: string) => Source;
  /** What layers it is made of, bottom first. Together they are the source itself. */
  readonly parts: readonly LayerPart[];
}

/** One layer of a source, or units that are split over layers under a budget. */
export type LayerPart =
  /** `over`: it changes what parts before it have, as owners of their directories; the others touch only what is their own. */
  | { readonly kind: "layer"; readonly source: Source; readonly over?: boolean }
  | { readonly kind: "units"; readonly units: readonly LayerUnit[] };

/** What always comes into one layer as a whole. */
export interface LayerUnit {
  readonly name: string;
  readonly source: Source;
  /** Places of the units that it needs, in the same list. */
  readonly dependsOn: readonly number[];
  /** Its layer is above those of units without this. */
  readonly onTop?: true;
}

const SOURCE_KINDS: ReadonlySet<string> = new Set(SOURCE_KIND_NAMES);
const records = new WeakMap<object, ValueRecord>();

/** What was recorded of a value; undefined for anything that the API did not make. */
export function recordOf(value: unknown): ValueRecord | undefined {
  return typeof value === "object" && value !== null ? records.get(value) : undefined;
}

/** Whether this is a value that can be placed in an image. */
export function isSource(value: unknown): value is Source {
  return SOURCE_KINDS.has(recordOf(value)?.value.kind ?? "");
}

/** Whether this is an image value. */
export function isImage(value: unknown): value is ImageValue {
  return recordOf(value)?.value.kind === "image";
}

/** What {@link makeValue} needs. `args` must be plain data that nobody else holds. */
export interface NewValue {
  readonly kind: string;
  readonly args: JsonValue;
  readonly inputs?: readonly Value[];
  readonly position: RawPosition;
  readonly summary: string;
  readonly image?: TargetImage;
  readonly origin?: string | undefined;
  readonly layered?: Layered | undefined;
  /** What the user sees of the value beside its recipe; frozen as far as it goes. */
  readonly shown?: Readonly<Record<string, unknown>>;
}

/** Makes a deeply frozen value and records what it is. */
export function makeValue<V extends Value>(made: NewValue): V {
  const { kind, inputs = [], position, summary, image = null, origin, layered } = made;
  const named = image === null ? {} : { imageName: image.name.toLowerCase(), imageTag: image.tag };
  const value = Object.freeze({
    kind,
    args: deepFreeze(made.args),
    inputs: Object.freeze([...inputs]),
    ...named,
    ...made.shown,
  }) as unknown as V;
  records.set(value, { value, position, image, summary: shorten(summary), origin, layered });
  return value;
}

/** Summaries are made of summaries: without a bound they would grow with the depth. */
function shorten(summary: string): string {
  return summary.length <= 160 ? summary : `${[...summary].slice(0, 150).join("")}...`;
}

/** Freezes plain data through and through; returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
