import type { Position } from "@imgbuild/errors";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { API_NAMESPACE, ENTRY_FILE } from "./bundle-plugin.ts";

/** Translates places in the evaluated script to places in the user's files. */
export class SourcePlaces {
  readonly #json: string;
  #map: TraceMap | undefined;
  readonly #known = new Map<string, Position | null>();

  constructor(map: string) {
    this.#json = map;
  }

  /** `line:column` of the script → the place in the source; null when it has none. */
  place(raw: string | null): Position | null {
    if (raw === null) return null;
    const known = this.#known.get(raw);
    if (known !== undefined) return known;
    this.#map ??= new TraceMap(this.#json);
    const [line = 1, column = 1] = raw.split(":").map(Number);
    const found = originalPositionFor(this.#map, { line, column: column - 1 });
    const { source } = found;
    const inSource = source !== null && source !== ENTRY_FILE && !source.startsWith(`${API_NAMESPACE}:`);
    const place = inSource ? { file: source, line: found.line, column: found.column + 1 } : null;
    this.#known.set(raw, place);
    return place;
  }

  /**
   * The topmost place of a stack (`line:column`, one a line) that is in a file of the user; one in an npm package only
   * if there is no other.
   */
  placeOfStack(stack: string): Position | null {
    const places = stack.split("\n").flatMap((raw) => (raw === "" ? [] : (this.place(raw) ?? [])));
    return places.find((place) => !place.file.includes("node_modules/")) ?? places[0] ?? null;
  }
}
