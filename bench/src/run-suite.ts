import type { Contender, Suite } from "./suite.ts";

/** contender → what each of its runs measured, in the order they ran. */
export type Samples = Readonly<Record<string, readonly number[]>>;

/** One warm-up of each contender, then `runs` rounds in which each runs once, so that noise meets all alike. */
export async function runSuite(suite: Suite, runs: number, say: (text: string) => void): Promise<Samples> {
  const samples: Record<string, number[]> = Object.fromEntries(suite.contenders.map(({ name }) => [name, []]));
  for (let round = -1; round < runs; round++) {
    for (const contender of suite.contenders) {
      const measure = await runOnce(contender);
      say(`${contender.name}: ${measure.toFixed(3)}${round < 0 ? " (warm-up)" : ""}`);
      if (round >= 0) samples[contender.name]?.push(measure);
    }
  }
  for (const contender of suite.contenders) await contender.cleanUp?.();
  return samples;
}

async function runOnce(contender: Contender): Promise<number> {
  await contender.prepare?.();
  return await contender.run();
}
