import type { Machine } from "./machine.ts";
import type { Samples } from "./run-suite.ts";
import type { Row } from "./suite.ts";

/** A row with its figures. `ratio` and `peer` are null when the peer did not run. */
export interface Outcome {
  readonly title: string;
  readonly unit: "s" | "MB";
  readonly ours: Spread;
  readonly peerName: string | null;
  readonly peer: Spread | null;
  readonly ratio: number | null;
  /** Median processor seconds, where they were counted: work of a daemon is not in them. */
  readonly cpu: { readonly ours: number | null; readonly peer: number | null };
  readonly goal: string;
  readonly reached: boolean | null;
}

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function outcomeOf(row: Row, samples: Samples): Outcome {
  const ours = spread(samples[row.ours]?.measures ?? []);
  const peerSamples = row.peer === undefined ? undefined : samples[row.peer]?.measures;
  const peer = peerSamples === undefined ? null : spread(peerSamples);
  const ratio = peer === null ? null : ours.median / peer.median;
  const unit = row.unit ?? "s";
  return {
    title: row.title,
    unit,
    ours,
    peerName: row.peer ?? null,
    peer,
    ratio,
    cpu: { ours: cpuOf(row.ours, samples), peer: row.peer === undefined ? null : cpuOf(row.peer, samples) },
    goal: goalText(row, unit),
    reached: isReached(row, ours.median, peer?.median ?? null),
  };
}

function cpuOf(name: string, samples: Samples): number | null {
  const cpu = samples[name]?.cpu ?? [];
  return cpu.length === 0 ? null : spread(cpu).median;
}

/** Null when there is no goal, or none that can be told without the peer that did not run. */
function isReached({ goal, goalRatio, goalBeyond }: Row, ours: number, peer: number | null): boolean | null {
  const parts: boolean[] = [];
  if (goal !== undefined) parts.push(ours <= goal);
  if (goalRatio !== undefined && peer !== null) parts.push(ours <= goalRatio * peer);
  if (goalBeyond !== undefined && peer !== null) parts.push(ours <= goalBeyond + peer);
  return parts.length === 0 ? null : parts.every((reached) => reached);
}

function goalText(row: Row, unit: string): string {
  const parts: string[] = [];
  if (row.goal !== undefined) parts.push(`≤ ${row.goal} ${unit}`);
  if (row.goalRatio !== undefined) parts.push(`≤ ${row.goalRatio} ×`);
  if (row.goalBeyond !== undefined) parts.push(`≤ peer + ${row.goalBeyond} ${unit}`);
  return parts.join(", ") || "–";
}

/** What the figures below it were measured on, and how. */
export function renderConditions(machine: Machine, runs: number): string {
  const { cores, processor, memoryGiB, kernel, fileSystem, node, loadBefore } = machine;
  return [
    `${cores} × ${processor}, ${memoryGiB} GiB, Linux ${kernel}, ${fileSystem}, Node ${node}; load before the run ${loadBefore.toFixed(1)}.`,
    `Medians (least–greatest) of ${runs} ${runs === 1 ? "run" : "runs"} each, in turns, after one warm-up (docker build and buildah: one run); CPU is user and system time.`,
  ].join("\n");
}

/** The outcomes as one Markdown table. */
export function renderTable(outcomes: readonly Outcome[]): string {
  const header = ["case", "imgbuild", "peer", "peer's", "ratio", "CPU", "goal", "reached"];
  const lines = outcomes.map((outcome) => [
    outcome.title,
    spreadText(outcome.ours, outcome.unit),
    outcome.peerName ?? "–",
    outcome.peer === null ? (outcome.peerName === null ? "–" : "not run") : spreadText(outcome.peer, outcome.unit),
    outcome.ratio === null ? "–" : `${outcome.ratio.toFixed(2)} ×`,
    cpuText(outcome),
    outcome.goal,
    outcome.reached === null ? "–" : outcome.reached ? "yes" : "**no**",
  ]);
  const widths = header.map((title, column) =>
    Math.max(...[header, ...lines].map((line) => (line[column] ?? title).length)),
  );
  const format = (line: readonly string[]) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [format(header), format(widths.map((width) => "-".repeat(width))), ...lines.map(format)].join("\n");
}

function cpuText({ unit, cpu, peer }: Outcome): string {
  if (unit === "MB" || cpu.ours === null) return "–";
  return peer === null || cpu.peer === null
    ? `${cpu.ours.toFixed(2)} s`
    : `${cpu.ours.toFixed(2)} / ${cpu.peer.toFixed(2)} s`;
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return { median: (low + high) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

function spreadText(values: Spread, unit: "s" | "MB"): string {
  const text = (value: number) => (unit === "MB" ? value.toFixed(0) : value.toFixed(value < 1 ? 3 : 2));
  return `${text(values.median)} ${unit} (${text(values.min)}–${text(values.max)})`;
}
