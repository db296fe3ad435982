import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { timeProcess } from "./run-process.ts";
import type { SuiteContext } from "./suite.ts";

/** One workspace and one cache directory that imgbuild is measured with. */
export interface Imgbuild {
  /** Wall seconds of `imgbuild ARGS`. */
  time(args: readonly string[], options?: RunOptions): Promise<number>;
  /** Peak resident memory of `imgbuild ARGS`, in MB. */
  peakMemory(args: readonly string[]): Promise<number>;
  /** Makes the next run a cold one. */
  forget(): void;
}

interface RunOptions {
  readonly nodeFlags?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

export function imgbuildIn(workspace: string, context: SuiteContext, cacheName = "cache"): Imgbuild {
  const cache = join(context.scratch, cacheName);
  const time = (args: readonly string[], { nodeFlags = [], env = {} }: RunOptions = {}): Promise<number> =>
    timeProcess({
      program: process.execPath,
      args: [
        ...nodeFlags,
        context.options.imgbuild,
        ...args,
        ...(args[0] === "--version" ? [] : ["--cache-dir", cache]),
      ],
      cwd: workspace,
      env,
    });
  return {
    time,
    peakMemory: async (args) => {
      const file = join(context.scratch, `${cacheName}.rss`);
      const hook = join(context.options.work, "..", "..", "peak-memory.cjs");
      await time(args, { nodeFlags: ["--require", hook], env: { BENCH_PEAK_MEMORY: file } });
      return Number(readFileSync(file, "utf8")) / 1024;
    },
    forget: () => rmSync(cache, { recursive: true, force: true }),
  };
}
