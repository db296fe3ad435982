import { formatBytes } from "./format-bytes.ts";
import { formatDuration } from "./format-duration.ts";

/** How far something is: bytes, of how many, how fast, and for how long. */
export function progressFacts(progress: {
  readonly bytes: number;
  readonly total: number | undefined;
  readonly ms: number;
}): string[] {
  const { bytes, total, ms } = progress;
  const of = total === undefined || total <= 0 ? "" : ` of ${formatBytes(total)}`;
  return [
    ...(bytes > 0 ? [`${formatBytes(bytes)}${of}`] : []),
    ...(bytes > 0 && ms >= 1000 ? [`${formatBytes((bytes / ms) * 1000)}/s`] : []),
    formatDuration(ms),
  ];
}
