import type { BuildEvent, EventSink } from "@imgbuild/graph";

/** Takes the times of a run, for people who look for what took long. */
export interface ProfileRecorder {
  readonly emit: EventSink;
  /** What was recorded until now: JSON that chrome://tracing, Perfetto and speedscope open. */
  json(): string;
}

/** One bar, in the Trace Event Format: times are microseconds. */
interface Span {
  readonly name: string;
  readonly cat: string;
  readonly ph: "X";
  readonly ts: number;
  readonly dur: number;
  readonly pid: 1;
  readonly tid: number;
  readonly args: Readonly<Record<string, string | number>>;
}

interface Started {
  readonly at: number;
  readonly lane: number;
}

/** The lane of what the whole run does: evaluate, look at the sources, deliver. Steps that overlap have lanes above it. */
const MAIN = 0;

/** Records the events of one run. `now` gives milliseconds from any fixed moment; times count from the making of the recorder. */
export function profileRecorder({ now }: { now(): number }): ProfileRecorder {
  const begin = now();
  const spans: Span[] = [];
  const steps = new Map<string, Started>();
  const deliveries = new Map<string, number>();
  const add = (span: Pick<Span, "name" | "cat" | "tid" | "args">, start: number, end: number): void => {
    const [ts, dur] = [start - begin, end - start].map((ms) => Math.max(0, Math.round(ms * 1000)));
    spans.push({ ...span, ph: "X", ts: ts ?? 0, dur: dur ?? 0, pid: 1 });
  };
  const freeLane = (): number => {
    const taken = new Set([...steps.values()].map(({ lane }) => lane));
    let lane = MAIN + 1;
    while (taken.has(lane)) lane += 1;
    return lane;
  };
  const emit = (event: BuildEvent): void => {
    const at = now();
    switch (event.type) {
      case "eval.done":
        add({ name: "evaluate", cat: "run", tid: MAIN, args: { definitions: event.definitions } }, at - event.ms, at);
        break;
      case "sweep.done":
        add({ name: "look at sources", cat: "run", tid: MAIN, args: { files: event.files } }, at - event.ms, at);
        break;
      case "step.start":
        steps.set(event.id, { at, lane: freeLane() });
        break;
      case "step.end": {
        const started = steps.get(event.id);
        steps.delete(event.id);
        if (started === undefined) break;
        const { result, bytes, label, title, kind } = event;
        add({ name: `${label} ${title}`, cat: kind, tid: started.lane, args: { result, bytes } }, started.at, at);
        break;
      }
      case "deliver.start":
        deliveries.set(`${event.sink} ${event.label}`, at);
        break;
      case "deliver.done": {
        const { sink, label, bytes } = event;
        const started = deliveries.get(`${sink} ${label}`) ?? at - event.ms;
        add({ name: `${sink} ${label}`, cat: "deliver", tid: MAIN, args: { bytes } }, started, at);
        break;
      }
      default:
    }
  };
  return { emit, json: () => `${JSON.stringify({ displayTimeUnit: "ms", traceEvents: spans })}\n` };
}
