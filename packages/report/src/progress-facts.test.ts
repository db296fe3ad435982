import { StepProgress } from "./progress-facts.ts";

test("bytes of how many, how fast and for how long; what was there at first did not come now", () => {
  const progress = new StepProgress(0);
  expect(progress.facts(500)).toEqual(["500ms"]);
  progress.report(50_000_000, 100_000_000, 1000);
  expect(progress.facts(1500)).toEqual(["50 MB of 100 MB", "1.5s"]);
  progress.report(60_000_000, 100_000_000, 3000);
  expect(progress.facts(3000)).toEqual(["60 MB of 100 MB", "5.0 MB/s", "3.0s"]);
});

test("another stretch of work counts anew", () => {
  const progress = new StepProgress(0);
  progress.report(0, 10_000_000, 0);
  progress.report(10_000_000, 10_000_000, 2000);
  progress.report(1_000_000, undefined, 2000);
  progress.report(5_000_000, undefined, 4000);
  expect(progress.facts(4000)).toEqual(["5.0 MB", "2.0 MB/s", "4.0s"]);
});
