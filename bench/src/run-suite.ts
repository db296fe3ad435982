import { childCpuSeconds } from "./child-cpu.ts";
import type { Contender, Suite } from "./suite.ts";

/** What each run measured, in the order they ran. */
interface ContenderSamples {
  readonly measures: readonly number[];
  /** Processor seconds of the same runs; empty where they cannot be had. */
  readonly cpu: readonly number[];
}

/** contender → its samples. */
export type Samples = Readonly<Record<string, ContenderSamples>>;

/** One warm-up of each contender, then `runs` rounds in which each runs once, so that noise meets all alike; `once` contenders in the first alone. */
export async function runSuite(suite: Suite, runs: number, say: (text: string) => void): Promise<Samples> {
  const samples = new Map(
    suite.contenders.map((contender) => [contender, { measures: [] as number[], cpu: [] as number[] }]),
  );
  for (let round = -1; round < runs; round++) {
    for (const [contender, { measures, cpu }] of samples) {
      if (round > 0 && contender.once === true) continue;
      const run = await runOnce(contender);
      say(`${contender.name}: ${run.measure.toFixed(3)}${round < 0 ? " (warm-up)" : ""}`);
      if (round < 0) continue;
      measures.push(run.measure);
      if (run.cpu !== undefined) cpu.push(run.cpu);
    }
  }
  for (const contender of suite.contenders) await contender.cleanUp?.();
  return Object.fromEntries([...samples].map(([contender, figures]) => [contender.name, figures]));
}

async function runOnce(contender: Contender): Promise<{ measure: number; cpu: number | undefined }> {
  await contender.prepare?.();
  const before = childCpuSeconds();
  const measure = await contender.run();
  const after = childCpuSeconds();
  return { measure, cpu: before === undefined || after === undefined ? undefined : after - before };
}
