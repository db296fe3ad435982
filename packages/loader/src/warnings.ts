import type { Report } from "./guest/protocol.ts";
import type { EvaluationWarning } from "./saved-evaluation.ts";
import type { SourcePlaces } from "./source-places.ts";

/** What definitions printed, each with its place in front: `images/a/image.ts:3:1: text`. */
export function warningsOf(report: Report, places: SourcePlaces): EvaluationWarning[] {
  return report.warnings.map(({ message, position }) => {
    const place = places.place(position);
    return { message: place === null ? message : `${place.file}:${place.line}:${place.column}: ${message}` };
  });
}
