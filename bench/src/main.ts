import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { machineFacts } from "./machine.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { profileContender } from "./profile.ts";
import { removeScratch } from "./remove-scratch.ts";
import { runSuite, type Samples } from "./run-suite.ts";
import { stopSharedDockerd } from "./shared-dockerd.ts";
import type { Row, SuiteContext, SuiteSource } from "./suite.ts";
import { chainSuite } from "./suites/chain.ts";
import { coldSuite } from "./suites/cold.ts";
import { fleet1000Suite, fleetSuite } from "./suites/fleet.ts";
import { gzipSuite } from "./suites/gzip.ts";
import { smallSuite } from "./suites/small.ts";
import { stackSuite } from "./suites/stack.ts";
import { startSuite } from "./suites/start.ts";
import { zstdSuite } from "./suites/zstd.ts";
import { type Outcome, outcomeOf, renderConditions, renderTable } from "./table.ts";
import { findTools } from "./tools.ts";

const SUITES: readonly SuiteSource[] = [
  startSuite,
  coldSuite,
  gzipSuite,
  zstdSuite,
  smallSuite,
  chainSuite,
  stackSuite,
  fleetSuite,
  fleet1000Suite,
];

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs the suites that `argv` asks for; gives the exit code. */
export async function main({
  argv,
  root,
}: {
  readonly argv: readonly string[];
  readonly root: string;
}): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(argv, root);
    for (const name of options.only) {
      if (!SUITES.some((suite) => suite.name === name)) {
        throw new TypeError(
          `Cannot run the suite "${name}": wanted one of ${SUITES.map((suite) => suite.name).join(", ")}`,
        );
      }
    }
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  mkdirSync(options.work, { recursive: true });
  const tools = findTools(root);
  const machine = machineFacts(options.work);
  const outcomes: Outcome[] = [];
  const samples: Record<string, Samples> = {};
  try {
    for (const source of SUITES.filter(({ name }) => options.only.length === 0 || options.only.includes(name))) {
      const context = { options, tools, scratch: join(options.work, `run-${source.name}`) };
      const done = await measure(source, context);
      samples[source.name] = done.samples;
      outcomes.push(...done.outcomes);
    }
  } finally {
    await stopSharedDockerd();
  }
  process.stdout.write(`${renderConditions(machine, options.runs)}\n\n${renderTable(outcomes)}\n`);
  mkdirSync(dirname(options.json), { recursive: true });
  const command = ["npm run bench --", ...argv].join(" ");
  writeFileSync(
    options.json,
    `${JSON.stringify({ command, machine, tools: tools.versions, outcomes, samples }, null, 2)}\n`,
  );
  say(`\nFigures: ${options.json}`);
  return 0;
}

async function measure(
  source: SuiteSource,
  context: SuiteContext,
): Promise<{ samples: Samples; outcomes: readonly Outcome[] }> {
  say(`\n== ${source.name}`);
  const { options, scratch } = context;
  removeScratch(scratch);
  mkdirSync(scratch, { recursive: true });
  const suite = await source.setUp(context);
  try {
    const samples = await runSuite(suite, options.runs, say);
    for (const contender of options.profile ? suite.contenders.filter(({ ours }) => ours) : []) {
      const directory = join(options.work, "profiles", `${source.name}-${contender.name.replaceAll(/\W+/g, "-")}`);
      process.stdout.write(
        `\n### ${source.name}: ${contender.name}\n${await profileContender(contender, directory)}\n`,
      );
    }
    return { samples, outcomes: suite.rows.map((row) => outcomeOf(options.smoke ? withoutGoal(row) : row, samples)) };
  } finally {
    removeScratch(scratch);
  }
}

/** Trees of a smoke run are too small for its figures to mean anything. */
function withoutGoal({ goal: _goal, goalRatio: _ratio, goalBeyond: _beyond, ...row }: Row): Row {
  return row;
}
