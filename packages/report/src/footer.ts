import type { BuildEvent } from "@imgbuild/graph";
import { formatBytes } from "./format-bytes.ts";
import { formatDuration } from "./format-duration.ts";
import type { Style } from "./style.ts";

/** The last line of a run: `Done in 1.2s: 3 built, 97 hits, saved 41s, wrote 12 MB, 2 digests unchanged`. */
export function footer(event: Extract<BuildEvent, { type: "run.end" }>, style: Style): string {
  const parts = [
    event.failed > 0 ? style.bad(`${event.failed} failed`) : "",
    event.built > 0 ? `${event.built} built` : "",
    event.hits > 0 ? counted(event.hits, "hit") : "",
    event.savedMs >= 1 ? `saved ${formatDuration(event.savedMs)}` : "",
    event.bytesWritten > 0 ? `wrote ${formatBytes(event.bytesWritten)}` : "",
    event.unchanged > 0 ? `${counted(event.unchanged, "digest")} unchanged` : "",
  ].filter((part) => part !== "");
  return `${outcome(event, style)} in ${formatDuration(event.ms)}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}`;
}

function outcome(event: { readonly exitCode: number }, style: Style): string {
  if (event.exitCode === 0) return style.good("Done");
  return event.exitCode > 128 ? "Cancelled" : style.bad("Failed");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
