import type { BuildEvent } from "@imgbuild/graph";
import { profileRecorder } from "./profile.ts";

/** The bars of a run in which each event comes at a time of its own, in milliseconds. */
function bars(
  events: readonly (readonly [number, BuildEvent])[],
): { name: string; ts: number; dur: number; tid: number }[] {
  let time = 1000;
  const recorder = profileRecorder({ now: () => time });
  for (const [at, event] of events) {
    time = 1000 + at;
    recorder.emit(event);
  }
  const { traceEvents } = JSON.parse(recorder.json()) as { traceEvents: ReturnType<typeof bars> };
  return traceEvents.map(({ name, ts, dur, tid }) => ({ name, ts, dur, tid }));
}

const start = (id: string): BuildEvent => ({ type: "step.start", id, kind: "layer", title: "layer", label: `//${id}` });
const end = (id: string, result: "built" | "hit" = "built"): BuildEvent => {
  return { type: "step.end", id, kind: "layer", title: "layer", label: `//${id}`, result, ms: 1, bytes: 2, savedMs: 0 };
};

test("a step is a bar from its start to its end, in microseconds; steps at one time do not overlap", () => {
  expect(
    bars([
      [1, start("a")],
      [2, start("b")],
      [5, end("a")],
      [6, start("c")],
      [9.5, end("c")],
      [10, end("b")],
    ]),
  ).toEqual([
    { name: "//a layer", ts: 1000, dur: 4000, tid: 1 },
    { name: "//c layer", ts: 6000, dur: 3500, tid: 1 },
    { name: "//b layer", ts: 2000, dur: 8000, tid: 2 },
  ]);
});

test("what was known is no bar, and what never ended is left out", () => {
  expect(
    bars([
      [1, end("a", "hit")],
      [2, start("b")],
    ]),
  ).toEqual([]);
});

test("evaluation, sweep and delivery are in a lane of their own", () => {
  expect(
    bars([
      [10, { type: "eval.done", definitions: 1, cached: false, ms: 8 }],
      [15, { type: "sweep.done", files: 3, filesOpened: 0, bytesHashed: 0, ms: 4 }],
      [20, { type: "deliver.start", label: "//a", sink: "docker" }],
      [
        30,
        {
          type: "deliver.done",
          label: "//a",
          sink: "docker",
          destination: "",
          bytes: 1,
          layersSent: 1,
          layersSkipped: 0,
          ms: 10,
        },
      ],
    ]),
  ).toEqual([
    { name: "evaluate", ts: 2000, dur: 8000, tid: 0 },
    { name: "look at sources", ts: 11_000, dur: 4000, tid: 0 },
    { name: "docker //a", ts: 20_000, dur: 10_000, tid: 0 },
  ]);
});
