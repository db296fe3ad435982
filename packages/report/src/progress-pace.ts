import type { BuildEvent, EventSink } from "@imgbuild/graph";

/** Milliseconds between two reports of progress of one step. */
const EVERY = 200;

/** What pacing needs. */
export interface PaceOptions {
  /** Milliseconds from any fixed moment. */
  now(): number;
  /** Calls `work` after `ms`; must not keep the process alive. */
  later(work: () => void, ms: number): void;
}

/**
 * Lets events through, but progress of a step only five times a second: a download has thousands. The last that was held back is
 * told a little later, and before the end of the step.
 */
export function pacedProgress(sink: EventSink, { now, later }: PaceOptions): EventSink {
  const steps = new Map<string, { at: number; held: BuildEvent | undefined }>();
  const release = (id: string): void => {
    const step = steps.get(id);
    if (step?.held === undefined) return;
    const { held } = step;
    Object.assign(step, { at: now(), held: undefined });
    sink(held);
  };
  return (event) => {
    if (event.type === "step.progress") {
      const step = steps.get(event.id);
      if (step !== undefined && now() - step.at < EVERY) {
        if (step.held === undefined) later(() => release(event.id), EVERY);
        step.held = event;
        return;
      }
      steps.set(event.id, { at: now(), held: undefined });
    } else if (event.type === "step.end") {
      release(event.id);
      steps.delete(event.id);
    }
    sink(event);
  };
}
