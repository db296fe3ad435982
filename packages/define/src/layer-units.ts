import type { Caller } from "./call.ts";
import { readSource } from "./files.ts";
import { forArchitecture } from "./for-architecture.ts";
import { describeValue } from "./plain.ts";
import { joinPath, type Problem } from "./problem.ts";
import { type LayerUnit, recordOf, type Source } from "./source.ts";

/** The units of an image, and those that were put together by hand (places in `units`, one layer each). */
export interface LayerUnits {
  readonly units: readonly LayerUnit[];
  readonly groups: readonly (readonly number[])[];
}

/** Reads `layers`, and `contents` or `copyToRoot`: units by hand come first, so that of one path `contents` wins. */
export function readLayerUnits(
  caller: Caller,
  given: Readonly<Record<string, unknown>>,
  { architecture, problems }: { readonly architecture: string | null; readonly problems: Problem[] },
): LayerUnits {
  const units: LayerUnit[] = [];
  const read = (value: unknown, path: string): void => {
    const source = readSource(caller, value, { path, problems });
    if (source === undefined) return;
    const first = units.length;
    for (const unit of forArchitecture([source], architecture).flatMap(unitsOfSource)) {
      units.push({ ...unit, dependsOn: unit.dependsOn.map((other) => first + other) });
    }
  };
  const groups: number[][] = [];
  layersOf(given.layers, problems).forEach((layer, i) => {
    const first = units.length;
    const path = joinPath("layers", i);
    if (Array.isArray(layer))
      for (const [j, value] of [...(layer as unknown[])].entries()) read(value, joinPath(path, j));
    else read(layer, path);
    groups.push(units.slice(first).map((_, j) => first + j));
  });
  if (given.contents !== undefined && given.copyToRoot !== undefined) {
    problems.push({ path: "copyToRoot", text: "is given beside contents, wanted one of them", hint: "Keep contents" });
  }
  const name = given.contents === undefined ? "copyToRoot" : "contents";
  const value = given[name];
  if (Array.isArray(value))
    for (const [i, entry] of [...(value as unknown[])].entries()) read(entry, joinPath(name, i));
  else if (value !== undefined && value !== null) read(value, name);
  return { units, groups: groups.filter((group) => group.length > 0) };
}

function layersOf(value: unknown, problems: Problem[]): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return Array.from(value as unknown[]);
  problems.push({
    path: "layers",
    text: `is ${describeValue(value)}, wanted an array with a source or a list of sources for each layer`,
  });
  return [];
}

/**
 * The units that a source knows to be made of; itself when it knows none. Only packages, whose content is fixed, are below:
 * what was edited is then in the layers on top, and all others stay as they are.
 */
function unitsOfSource(source: Source): readonly LayerUnit[] {
  const record = recordOf(source);
  const alone = (each: Source): LayerUnit => ({
    source: each,
    name: recordOf(each)?.summary ?? each.kind,
    dependsOn: [],
    onTop: true,
  });
  if (record?.layered === undefined) return [alone(source)];
  const units: LayerUnit[] = [];
  for (const part of record.layered.parts) {
    const first = units.length;
    if (part.kind === "layer") units.push(alone(part.source));
    else
      for (const unit of part.units) units.push({ ...unit, dependsOn: unit.dependsOn.map((other) => first + other) });
  }
  return units;
}
