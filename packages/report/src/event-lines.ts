import type { ImgbuildError } from "@imgbuild/errors";
import type { BuildEvent } from "@imgbuild/graph";
import { footer } from "./footer.ts";
import { formatBytes } from "./format-bytes.ts";
import { formatDuration } from "./format-duration.ts";
import { formatError } from "./format-error.ts";
import type { TextReporterOptions, Verbosity } from "./reporter.ts";
import { safeLine } from "./safe-text.ts";
import { type Style, styleOf } from "./style.ts";

type EventOf<Type extends BuildEvent["type"]> = Extract<BuildEvent, { type: Type }>;

/** The lines, without line breaks, that stay on the screen after an event: the same for a terminal and for a log. */
export type EventLines = (event: BuildEvent) => readonly string[];

/** Makes the lines of events, in the colours and at the verbosity of `options`. */
export function eventLines(options: Omit<TextReporterOptions, "write">): EventLines {
  const style = styleOf(options.colour);
  const verbosity = options.verbosity ?? "normal";
  return (event) => {
    switch (event.type) {
      case "target.failed":
        return failedLines(event, (error) => formatError(error, options));
      case "error":
        return formatError(event.error, options).split("\n");
      case "warning":
        return warningLines(event, style);
      default:
        return verbosity === "quiet" ? [] : newsLines(event, { style, verbosity });
    }
  };
}

function newsLines(event: BuildEvent, how: { style: Style; verbosity: Verbosity }): readonly string[] {
  const { style, verbosity } = how;
  switch (event.type) {
    case "target.why":
      return [`${safeLine(event.label)}: ${safeLine(event.message)}`];
    case "step.end":
      return stepLines(event, how);
    case "lock.wait":
      return [style.dim(`${safeLine(event.label)}: waiting for ${safeLine(event.holder)}, which builds the same`)];
    case "target.done":
      return event.result === "built" || verbosity === "verbose" ? [targetLine(event, style)] : [];
    case "deliver.done":
      return [deliveryLine(event)];
    case "run.end":
      return [footer(event, style)];
    case "eval.done":
      return verbosity === "verbose" ? [evaluationLine(event)] : [];
    case "step.output":
      return verbosity === "verbose" ? outputLines(event, style) : [];
    case "sweep.done":
      return verbosity === "verbose" ? [sweepLine(event)] : [];
    default:
      return [];
  }
}

function stepLines(
  event: EventOf<"step.end">,
  { style, verbosity }: { style: Style; verbosity: Verbosity },
): readonly string[] {
  const name = `${safeLine(event.label)} ${safeLine(event.title)}`;
  switch (event.result) {
    case "hit":
      return verbosity === "verbose" ? [style.dim(`${name}: cached`)] : [];
    case "built": {
      const size = event.bytes > 0 ? `, ${formatBytes(event.bytes)}` : "";
      return [`${name}: built in ${formatDuration(event.ms)}${size}`];
    }
    case "failed":
      return [`${name}: ${style.bad("failed")} after ${formatDuration(event.ms)}`];
    case "cancelled":
      return [style.dim(`${name}: cancelled after ${formatDuration(event.ms)}`)];
  }
}

function outputLines({ label, source, lines }: EventOf<"step.output">, style: Style): readonly string[] {
  const name = style.dim(`${safeLine(label)} ${safeLine(source)} |`);
  return lines.map((line) => `${name} ${safeLine(line)}`);
}

function targetLine(event: EventOf<"target.done">, style: Style): string {
  const digest = safeLine(event.digest).replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, "$1");
  const what = event.result === "built" ? style.good("built") : "cached";
  return `${safeLine(event.label)}: ${what} ${safeLine(event.reference)} ${event.unchanged ? "unchanged " : ""}${digest}`;
}

function deliveryLine(event: EventOf<"deliver.done">): string {
  const sent = event.layersSent + event.layersSkipped;
  const layers = sent > 0 ? `, ${event.layersSent} of ${sent} ${sent === 1 ? "layer" : "layers"} sent` : "";
  const where = `${safeLine(event.sink)} ${safeLine(event.destination)}`;
  return `${safeLine(event.label)}: to ${where} in ${formatDuration(event.ms)}, ${formatBytes(event.bytes)}${layers}`;
}

function evaluationLine(event: EventOf<"eval.done">): string {
  const definitions = `${event.definitions} ${event.definitions === 1 ? "definition" : "definitions"}`;
  return `${definitions} ${event.cached ? "known" : "evaluated"} in ${formatDuration(event.ms)}`;
}

function sweepLine(event: EventOf<"sweep.done">): string {
  const files = `${event.files} ${event.files === 1 ? "file" : "files"}`;
  return `${files} looked at, ${event.filesOpened} opened, ${formatBytes(event.bytesHashed)} hashed in ${formatDuration(event.ms)}`;
}

function warningLines(event: EventOf<"warning">, style: Style): readonly string[] {
  const hint = event.hint === undefined ? [] : [`  ${style.bold("hint")}: ${safeLine(event.hint)}`];
  return [`${style.bold("warning")}: ${safeLine(event.message)}`, ...hint];
}

function failedLines(event: EventOf<"target.failed">, format: (error: ImgbuildError) => string): readonly string[] {
  const [first = "", ...rest] = format(event.error).split("\n");
  // An error that names the target itself need not be told whose it is.
  const owner = event.error.message.includes(`"${event.label}"`) ? [] : [`  in ${safeLine(event.label)}`];
  return [first, ...owner, ...rest];
}
