import { combineErrors, ImgbuildError, type Position } from "@imgbuild/errors";
import { byCodeUnit } from "@imgbuild/graph";
import type { Bundle } from "./bundle.ts";
import { DEFINITION_FILE } from "./find-workspace.ts";
import type { EncodedError, EncodedProblem, Report } from "./guest/protocol.ts";
import { importCycle } from "./import-cycle.ts";
import { labelOf } from "./make-graph.ts";
import type { SourcePlaces } from "./source-places.ts";

/** What errors of an evaluation are explained with. */
export interface ErrorContext {
  readonly imports: Bundle["imports"];
  readonly places: SourcePlaces;
}

/** Throws everything that went wrong in an evaluation, sorted by place; an error seen by many importers comes once. */
export function throwFailures(report: Report, context: ErrorContext): void {
  const errors = new Map<string, ImgbuildError>();
  for (const { file, error, unlessInPackage } of report.failures) {
    if (unlessInPackage && isInPackage(error, context.places)) continue;
    const key = error.stack === "" ? `${file} ${error.message}` : `${error.stack} ${error.message}`;
    if (!errors.has(key)) errors.set(key, errorOf(file, error, context));
  }
  if (errors.size > 0) throw combineErrors([...errors.values()].sort(byPlace));
}

/** Whether the innermost place is in no file of the user. */
function isInPackage({ stack }: EncodedError, places: SourcePlaces): boolean {
  const place = places.place(stack.split("\n", 1)[0] || null);
  return place === null || place.file.includes("node_modules/");
}

function errorOf(file: string, error: EncodedError, context: ErrorContext): ImgbuildError {
  const position = context.places.placeOfStack(error.stack) ?? fallback(file);
  const origin = position?.file ?? file;
  const circle = error.undefinedValue ? importCycle(context.imports, origin) : undefined;
  if (circle !== undefined) {
    const names = circle.map(nameOf).join(" → ");
    return new ImgbuildError(
      "cycle",
      `Cannot evaluate "${nameOf(origin)}": definitions import each other in a circle: ${names}`,
      {
        hint: "Move what both need to a third file, and import it from both",
        position,
      },
    );
  }
  if (error.code === "threw") {
    const name = nameOf(context.imports.has(origin) && origin.endsWith(DEFINITION_FILE) ? origin : file || origin);
    const inCircle = /undefined/.test(error.message) ? importCycle(context.imports, origin) : undefined;
    const hint =
      inCircle && `Files import each other in a circle, so one is not ready yet: ${inCircle.map(nameOf).join(" → ")}`;
    return new ImgbuildError("definition", `Cannot evaluate "${name}": ${error.message}`, { hint, position });
  }
  const make = (one: EncodedProblem) => {
    return new ImgbuildError(one.code, one.message, {
      hint: one.hint ?? undefined,
      position: one.position ?? position,
    });
  };
  return combineErrors([make({ ...error, code: error.code }), ...error.related.map(make)]);
}

/** The label of a definition, the path of any other file. */
export function nameOf(file: string): string {
  const isDefinition = file === DEFINITION_FILE || file.endsWith(`/${DEFINITION_FILE}`);
  return isDefinition ? labelOf(file, "default") : file;
}

function fallback(file: string): Position | null {
  return file === "" ? null : { file, line: 1, column: 1 };
}

function byPlace(a: ImgbuildError, b: ImgbuildError): number {
  const files = byCodeUnit(a.position?.file ?? "", b.position?.file ?? "");
  return files || (a.position?.line ?? 0) - (b.position?.line ?? 0);
}
