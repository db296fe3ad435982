import { ImgbuildError } from "@imgbuild/errors";
import type { BuildEvent } from "@imgbuild/graph";
import { plainReporter } from "./plain-reporter.ts";
import type { Verbosity } from "./reporter.ts";

test("what takes long is told now and then", () => {
  let text = "";
  let clock = 0;
  const reporter = plainReporter({ write: (part) => (text += part), colour: false, now: () => clock });
  reporter.emit({ ...step, type: "step.start" });
  for (; clock < 25_000; clock += 1000)
    reporter.emit({ type: "step.progress", id: "1", label: step.label, bytes: clock * 1000, total: 50_000_000 });
  expect(text.split("\n").slice(0, -1)).toEqual([
    "//images/api layer of 3 files: 10 MB of 50 MB, 1.0 MB/s, 10s",
    "//images/api layer of 3 files: 20 MB of 50 MB, 1.0 MB/s, 20s",
  ]);
  clock = 31_000;
  reporter.emit({ type: "step.output", id: "1", label: step.label, source: "command", lines: ["one", "two", ""] });
  expect(text).toContain(", 31s: two\n");
});

function told(events: readonly BuildEvent[], verbosity: Verbosity = "normal"): string[] {
  let text = "";
  const reporter = plainReporter({ write: (part) => (text += part), colour: false, verbosity, now: () => 0 });
  for (const event of events) reporter.emit(event);
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text.split("\n").slice(0, -1);
}

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const start: BuildEvent = { type: "run.start", command: "build", targets: ["//images/api"], jobs: 2 };
const step = { id: "1", kind: "layer", title: "layer of 3 files", label: "//images/api" } as const;
const stepEnd = { ...step, type: "step.end", ms: 1234, bytes: 12_300_000, savedMs: 0 } as const;
const target = { type: "target.done", label: "//images/api", reference: "api:abc", digest } as const;
const end = {
  type: "run.end",
  exitCode: 0,
  ms: 1300,
  hits: 0,
  built: 0,
  failed: 0,
  savedMs: 0,
  bytesWritten: 0,
  unchanged: 0,
} as const;

test("what a script prints is told to who asks for more, and does nothing to the terminal", () => {
  const output = {
    type: "step.output",
    id: "1",
    label: "//a",
    source: "runAsRoot",
    lines: ["one", "\u001b[2Jtwo"],
  } as const;
  expect(told([start, output])).toEqual([]);
  expect(told([start, output], "verbose")).toEqual(["//a runAsRoot | one", "//a runAsRoot | \\x1b[2Jtwo"]);
});

test("a build says why, what, and what it came to", () => {
  const events: BuildEvent[] = [
    start,
    { type: "eval.done", definitions: 2, cached: false, ms: 40 },
    { type: "sweep.done", files: 10, filesOpened: 2, bytesHashed: 100, ms: 3 },
    { type: "plan.done", steps: [{ ...step, state: "build" }] },
    {
      type: "target.why",
      label: "//images/api",
      reason: "files-changed",
      message: "2 files changed (src/server.ts, +1 more)",
      paths: ["src/server.ts", "src/util.ts"],
    },
    { type: "step.start", ...step },
    { type: "step.progress", id: "1", label: "//images/api", bytes: 5 },
    { ...stepEnd, result: "built" },
    { ...target, unchanged: false, result: "built" },
    { type: "deliver.start", label: "//images/api", sink: "docker" },
    {
      type: "deliver.done",
      label: "//images/api",
      sink: "docker",
      destination: "api:abc",
      bytes: 12_300_000,
      layersSent: 1,
      layersSkipped: 4,
      ms: 90,
    },
    { ...end, built: 1, hits: 97, savedMs: 41_000, bytesWritten: 12_300_000, unchanged: 2 },
  ];
  expect(told(events)).toEqual([
    "//images/api: 2 files changed (src/server.ts, +1 more)",
    "//images/api layer of 3 files: built in 1.2s, 12 MB",
    "//images/api: built api:abc sha256:0123456789ab",
    "//images/api: to docker api:abc in 90ms, 12 MB, 1 of 5 layers sent",
    "Done in 1.3s: 1 built, 97 hits, saved 41s, wrote 12 MB, 2 digests unchanged",
  ]);
});

const noop: readonly BuildEvent[] = [
  start,
  { ...stepEnd, result: "hit", ms: 0, bytes: 0, savedMs: 900 },
  { ...target, unchanged: true, result: "hit" },
  { ...end, ms: 210, hits: 1, savedMs: 900 },
];

test("a build with nothing to do is one line", () => {
  expect(told(noop)).toEqual(["Done in 210ms: 1 hit, saved 900ms"]);
});

test("verbose tells of hits too, quiet of nothing but trouble", () => {
  expect(told(noop, "verbose")).toEqual([
    "//images/api layer of 3 files: cached",
    "//images/api: cached api:abc unchanged sha256:0123456789ab",
    "Done in 210ms: 1 hit, saved 900ms",
  ]);
  const trouble: BuildEvent[] = [
    { type: "warning", message: "Odd thing", hint: "Look at it" },
    { type: "target.failed", label: "//images/api", error: new ImgbuildError("io", "Cannot write") },
  ];
  expect(told([...noop, ...trouble], "quiet")).toEqual([
    "warning: Odd thing",
    "  hint: Look at it",
    "error[io]: Cannot write",
    "  in //images/api",
  ]);
});

test("a failure is told once, with the target that it belongs to", () => {
  const error = new ImgbuildError("script-failed", "Cannot run the command: exit code 3", {
    hint: "Look at its output",
  });
  const blocked = new ImgbuildError("script-failed", 'Cannot build "//images/web": "//images/api" failed');
  expect(
    told([
      start,
      { ...stepEnd, result: "failed" },
      { type: "target.failed", label: "//images/api", error },
      { type: "target.failed", label: "//images/web", error: blocked },
      { ...end, exitCode: 1, failed: 2 },
    ]),
  ).toEqual([
    "//images/api layer of 3 files: failed after 1.2s",
    "error[script-failed]: Cannot run the command: exit code 3",
    "  in //images/api",
    "  hint: Look at its output",
    'error[script-failed]: Cannot build "//images/web": "//images/api" failed',
    "Failed in 1.3s: 2 failed",
  ]);
});

test("a cancelled run says so", () => {
  expect(told([start, { ...stepEnd, result: "cancelled" }, { ...end, exitCode: 130, built: 3 }])).toEqual([
    "//images/api layer of 3 files: cancelled after 1.2s",
    "Cancelled in 1.3s: 3 built",
  ]);
});

test("a wait for another process is told", () => {
  expect(told([{ type: "lock.wait", label: "//images/api", holder: "process 42" }])).toEqual([
    "//images/api: waiting for process 42, which builds the same",
  ]);
});

test("a hostile file name stays on its line", () => {
  const message = "1 file changed (a\n\u001b[2Jb)";
  expect(told([{ type: "target.why", label: "//a", reason: "files-changed", message, paths: [] }])).toEqual([
    "//a: 1 file changed (a\\n\\x1b[2Jb)",
  ]);
});

test("nothing is said after close", () => {
  let text = "";
  const reporter = plainReporter({ write: (part) => (text += part), colour: false, now: () => 0 });
  reporter.close();
  reporter.emit({ ...end });
  expect(text).toBe("");
});
