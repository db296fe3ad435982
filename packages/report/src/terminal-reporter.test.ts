import type { BuildEvent } from "@imgbuild/graph";
import { terminalReporter } from "./terminal-reporter.ts";
import { textWidth } from "./text-width.ts";

/** A terminal that understands what the reporter uses, a clock, and a hand that makes it draw. */
function screen(columns = 60) {
  const rig = { columns, now: 0, writes: 0, ticking: false };
  let draw = (): void => {};
  let [text, row] = [[""], 0];
  const write = (part: string): void => {
    rig.writes++;
    for (const token of part.match(/\p{Cc}(?:\[\d*[A-Z])?|\P{Cc}+/gu) ?? []) {
      const up = /^\p{Cc}\[(\d+)A$/u.exec(token);
      if (up !== null) row -= Number(up[1]);
      else if (token === "\u001b[J") text = text.slice(0, row);
      else if (token === "\n") row++;
      else if (token !== "\r") text[row] = (text[row] ?? "") + token;
    }
  };
  const reporter = terminalReporter({
    write,
    colour: false,
    columns: () => rig.columns,
    now: () => rig.now,
    every(callback) {
      draw = callback;
      rig.ticking = true;
      return () => {
        rig.ticking = false;
      };
    },
  });
  const at = (ms: number, ...events: BuildEvent[]): string[] => {
    rig.now = ms;
    for (const event of events) reporter.emit(event);
    if (rig.ticking) draw();
    return [...text];
  };
  return { rig, reporter, at, lines: () => [...text] };
}

const start: BuildEvent = { type: "run.start", command: "build", targets: ["//a"], jobs: 2 };
const begin = (id: string, label = `//images/${id}`): BuildEvent => ({
  type: "step.start",
  id,
  kind: "layer",
  title: "layer",
  label,
});
const finish = (id: string): BuildEvent => ({
  type: "step.end",
  id,
  kind: "layer",
  title: "layer",
  label: `//images/${id}`,
  result: "built",
  ms: 1000,
  bytes: 0,
  savedMs: 0,
});
const planned: BuildEvent = {
  type: "plan.done",
  steps: ["a", "b", "c"].map((id) => ({ id, kind: "layer", label: `//images/${id}`, state: "build" })),
};
const end: BuildEvent = {
  type: "run.end",
  exitCode: 0,
  ms: 5000,
  hits: 0,
  built: 3,
  failed: 0,
  savedMs: 0,
  bytesWritten: 0,
  unchanged: 0,
};

test("shows what is under way, oldest first, with bytes and rate", () => {
  const { at } = screen();
  at(0, start, planned);
  at(100, begin("a"));
  at(1100, begin("b"), { type: "step.progress", id: "a", label: "//images/a", bytes: 4_000_000 });
  expect(at(2100, { type: "step.progress", id: "a", label: "//images/a", bytes: 8_000_000 })).toEqual([
    "[0/3] 2.1s | 2 running | 0 hits | 0 built",
    "  //images/a layer  8.0 MB  4.0 MB/s  2.0s",
    "  //images/b layer  1.0s",
  ]);
});

test("shows at most as many steps as there are jobs", () => {
  const { at } = screen();
  expect(at(0, start, planned, begin("a"), begin("b"), begin("c"))).toHaveLength(3);
});

test("final lines stay above the block, and the end leaves them alone", () => {
  const { at, rig } = screen();
  at(0, start, planned, begin("a"), begin("b"));
  expect(at(1000, finish("a"))).toEqual([
    "//images/a layer: built in 1.0s",
    "[1/3] 1.0s | 1 running | 0 hits | 1 built",
    "  //images/b layer  1.0s",
  ]);
  expect(at(5000, finish("b"), end)).toEqual([
    "//images/a layer: built in 1.0s",
    "//images/b layer: built in 1.0s",
    "Done in 5.0s: 3 built",
  ]);
  expect(rig.ticking).toBe(false);
});

test("a thousand events between two ticks are one drawing", () => {
  const { at, rig } = screen();
  at(0, start, planned);
  const before = rig.writes;
  at(10, ...Array.from({ length: 500 }, (_, i) => [begin(`s${i}`), finish(`s${i}`)]).flat());
  expect(rig.writes - before).toBe(1);
});

test("no line is wider than the terminal, however long the label", () => {
  const { at } = screen(30);
  const label = `//${"very-long-".repeat(20)}名前/api`;
  const shown = at(9000, start, planned, begin("a", label));
  expect(shown).toHaveLength(2);
  for (const line of shown) expect(textWidth(line)).toBeLessThan(30);
  expect(shown[1]).toMatch(/^ {2}\/\/very-.*….*layer {2}0ms$/);
});

test("an interruption leaves the final lines and no block", () => {
  const { at, reporter, rig, lines } = screen();
  at(0, start, planned, begin("a"), begin("b"));
  reporter.emit(finish("a"));
  reporter.close();
  reporter.close();
  reporter.emit(finish("b"));
  expect(lines()).toEqual(["//images/a layer: built in 1.0s"]);
  expect(rig.ticking).toBe(false);
});

test("a window that was made narrower is cleaned of the wrapped rows too", () => {
  let text = "";
  let columns = 60;
  let draw = (): void => {};
  const every = (callback: () => void) => {
    draw = callback;
    return () => {};
  };
  const reporter = terminalReporter({
    write: (part) => (text += part),
    colour: false,
    columns: () => columns,
    now: () => 0,
    every,
  });
  reporter.emit(start);
  draw();
  // The header has 40 columns: three rows of 15.
  columns = 15;
  text = "";
  draw();
  expect(text.startsWith("\u001b[3A\r\u001b[J")).toBe(true);
});

test("deliveries are shown while they last, and a second run starts from zero", () => {
  const { at } = screen();
  at(0, start, planned, begin("a"), finish("a"), { type: "deliver.start", label: "//images/a", sink: "docker" });
  expect(at(100).at(-1)).toBe("  //images/a to docker  100ms");
  at(200, end);
  expect(at(1000, start, planned).at(-1)).toBe("[0/3] 0ms | 0 running | 0 hits | 0 built");
});
