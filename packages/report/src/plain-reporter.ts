import type { BuildEvent } from "@imgbuild/graph";
import { eventLines } from "./event-lines.ts";
import { StepProgress } from "./progress-facts.ts";
import type { Reporter, TextReporterOptions } from "./reporter.ts";
import { safeLine } from "./safe-text.ts";

/** What a reporter for logs must be given beside that. */
export interface PlainReporterOptions extends TextReporterOptions {
  /** Milliseconds from any fixed moment. */
  now(): number;
}

/** Lines for logs: one for each thing that is over, and now and then one for what takes long. Nothing that moves. */
export function plainReporter(options: PlainReporterOptions): Reporter {
  const lines = eventLines(options);
  const long = options.verbosity === "quiet" ? () => [] : longSteps(options);
  let open = true;
  return {
    emit(event) {
      const text = open ? [...lines(event), ...long(event)] : [];
      if (text.length > 0) options.write(`${text.join("\n")}\n`);
    },
    close() {
      open = false;
    },
  };
}

/** Milliseconds between two lines of one step. */
const EVERY = 10_000;

/** Says how far steps are that take long, and the last that their programs printed. */
function longSteps({ now, verbosity }: PlainReporterOptions): (event: BuildEvent) => string[] {
  const running = new Map<string, { readonly title: string; readonly progress: StepProgress; told: number }>();
  return (event) => {
    if (event.type === "step.start")
      running.set(event.id, { title: event.title, progress: new StepProgress(now()), told: now() });
    if (event.type === "step.end") running.delete(event.id);
    if (event.type !== "step.progress" && event.type !== "step.output") return [];
    const step = running.get(event.id);
    if (event.type === "step.progress") step?.progress.report(event.bytes, event.total, now());
    // Who wants to see all that programs print sees that they go on.
    else if (verbosity === "verbose") return [];
    if (step === undefined || now() - step.told < EVERY) return [];
    step.told = now();
    const said = event.type === "step.output" ? event.lines.findLast((line) => line.trim() !== "") : undefined;
    const facts = step.progress.facts(step.told).join(", ");
    const what = `${safeLine(event.label)} ${safeLine(step.title)}: ${facts}`;
    return [said === undefined ? what : `${what}: ${safeLine(said.trim())}`];
  };
}
