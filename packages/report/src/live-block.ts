import type { BuildEvent } from "@imgbuild/graph";
import { formatDuration } from "./format-duration.ts";
import { StepProgress } from "./progress-facts.ts";
import { safeLine } from "./safe-text.ts";
import { textWidth, truncateMiddle } from "./text-width.ts";

interface Running {
  readonly label: string;
  readonly what: string;
  readonly progress: StepProgress;
  /** The last line that it printed. */
  said: string;
}

/** What is under way, kept from events and drawn on demand. */
export interface LiveBlock {
  update(event: BuildEvent, now: number): void;
  /** Lines of at most `columns` columns: a header, and the steps that have been under way longest. None when idle. */
  lines(columns: number, now: number): readonly string[];
}

/** An idle block. */
export function liveBlock(): LiveBlock {
  const running = new Map<string, Running>();
  let [start, total, jobs] = [0, 0, 1];
  const ended = { hit: 0, built: 0, failed: 0, cancelled: 0 };
  let active = false;
  return {
    update(event, now) {
      switch (event.type) {
        case "run.start":
          // A watching process has many runs.
          [active, start, jobs, total] = [true, now, event.jobs, 0];
          running.clear();
          Object.assign(ended, { hit: 0, built: 0, failed: 0, cancelled: 0 });
          break;
        case "plan.done":
          total = event.steps.length;
          break;
        case "step.start":
          running.set(event.id, startOf(event.label, event.title, now));
          break;
        case "step.output":
          said(running.get(event.id), event.lines);
          break;
        case "step.end":
          running.delete(event.id);
          ended[event.result]++;
          break;
        case "deliver.start":
          running.set(deliveryId(event), startOf(event.label, `to ${event.sink}`, now));
          break;
        case "deliver.done":
          running.delete(deliveryId(event));
          break;
        case "step.progress":
          running.get(event.id)?.progress.report(event.bytes, event.total, now);
          break;
        case "deliver.progress":
          running.get(deliveryId(event))?.progress.report(event.bytes, undefined, now);
          break;
        case "run.end":
          active = false;
      }
    },
    lines(columns, now) {
      if (!active) return [];
      const done = ended.hit + ended.built + ended.failed;
      const header = [
        `[${Math.min(done, total)}/${total}] ${formatDuration(now - start)}`,
        `${running.size} running`,
        `${ended.hit} hits`,
        `${ended.built} built`,
        ...(ended.failed > 0 ? [`${ended.failed} failed`] : []),
      ].join(" | ");
      const slowest = [...running.values()]
        .sort((a, b) => a.progress.since - b.progress.since)
        .slice(0, Math.max(1, jobs));
      return [truncateMiddle(header, columns), ...slowest.map((each) => runningLine(each, columns, now))];
    },
  };
}

function startOf(label: string, what: string, now: number): Running {
  return { label, what, progress: new StepProgress(now), said: "" };
}

function said(running: Running | undefined, lines: readonly string[]): void {
  const last = lines.findLast((line) => line.trim() !== "");
  if (running !== undefined && last !== undefined) running.said = last.trim();
}

function deliveryId(event: { readonly label: string; readonly sink: string }): string {
  return `deliver ${event.sink} ${event.label}`;
}

/** Numbers are kept whole; a label that is too long for the rest loses its middle. */
function runningLine({ label, what, progress, said: line }: Running, columns: number, now: number): string {
  const facts = progress.facts(now).join("  ");
  const room = columns - textWidth(facts) - 4;
  const name = `${safeLine(label)} ${safeLine(what)}${line === "" ? "" : `: ${safeLine(line)}`}`;
  return room < 8 ? truncateMiddle(`  ${name}`, columns) : `  ${truncateMiddle(name, room)}  ${facts}`;
}
