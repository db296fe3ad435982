import type { BuildEvent } from "@imgbuild/graph";
import { pacedProgress } from "./progress-pace.ts";

test("progress is told five times a second, and what came last is never lost", () => {
  const told: string[] = [];
  let clock = 0;
  const waiting: (() => void)[] = [];
  const pace = { now: () => clock, later: (work: () => void) => void waiting.push(work) };
  const emit = pacedProgress(
    (event) => told.push("bytes" in event ? `${event.type} ${event.bytes}` : event.type),
    pace,
  );
  const progress = (bytes: number): BuildEvent => ({ type: "step.progress", id: "1", label: "//a", bytes });
  for (; clock < 1000; clock += 10) emit(progress(clock));
  expect(told).toEqual([0, 200, 400, 600, 800].map((bytes) => `step.progress ${bytes}`));
  for (const work of waiting.splice(0)) work();
  expect(told.at(-1)).toBe("step.progress 990");
  emit(progress(1001));
  const end = { kind: "k", title: "t", label: "//a", result: "built", ms: 1, savedMs: 0 } as const;
  emit({ type: "step.end", id: "1", bytes: 1001, ...end });
  expect(told.slice(-2)).toEqual(["step.progress 1001", "step.end 1001"]);
  for (const work of waiting) work();
  expect(told).toHaveLength(8);
});
