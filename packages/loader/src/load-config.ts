import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DebianConfig, WorkspaceConfig } from "@imgbuild/define";
import { hashParts } from "@imgbuild/graph";
import { bundleDefinitions } from "./bundle.ts";
import { closureOf } from "./closure.ts";
import { type EvaluateOptions, realPath, worldOf } from "./evaluate.ts";
import { throwFailures } from "./evaluation-errors.ts";
import { FactRecorder, factHolds, type RecordedFact, type World } from "./facts.ts";
import { CLOCK_STEP_MS, changeTime, type FileStamp, recheckFile, stampFile } from "./file-stamp.ts";
import { CONFIG_FILE } from "./find-workspace.ts";
import { runInContext } from "./run-context.ts";
import type { EvaluationCache } from "./saved-evaluation.ts";
import { SourcePlaces } from "./source-places.ts";

/** The settings of a workspace, resolved. */
export interface LoadedConfig {
  /** Absolute. */
  readonly cacheDir: string;
  readonly debian: DebianConfig;
}

/** What reading the settings needs. The cache cannot be the store: where that is, is a setting. */
export type ConfigOptions = Pick<EvaluateOptions, "workspaceRoot" | "runtime" | "readEnv" | "now" | "timeLimitMs"> & {
  readonly cache?: EvaluationCache;
};

interface StoredConfig {
  readonly config: WorkspaceConfig;
  readonly files: readonly FileStamp[];
  readonly facts: readonly RecordedFact[];
}

/** Reads `imgbuild.config.ts`, evaluated as purely as a definition; without one everything has its default. */
export async function loadConfig(given: ConfigOptions): Promise<LoadedConfig> {
  const options = { ...given, workspaceRoot: realPath(given.workspaceRoot) };
  const { workspaceRoot, runtime, cache } = options;
  const resolved = ({ cacheDir, debian }: WorkspaceConfig): LoadedConfig => ({
    cacheDir: resolve(workspaceRoot, cacheDir ?? "cache"),
    debian: debian ?? {},
  });
  if (!existsSync(join(workspaceRoot, CONFIG_FILE))) return resolved({});
  const world = worldOf(options);
  const startedAt = world.now();
  const key = hashParts("imgbuild.config 2", [runtime.digest]);
  const known = reuse(cache?.get(key), world);
  if (known !== undefined) return resolved(known.config);
  const bundle = await bundleDefinitions(workspaceRoot, [CONFIG_FILE], "config");
  const facts = new FactRecorder(world);
  const { code } = bundle;
  const timeLimitMs = options.timeLimitMs ?? 10_000;
  const report = runInContext({ runtime, code, timeLimitMs, answer: (fact) => facts.answer(fact) });
  throwFailures(report, { imports: bundle.imports, places: new SourcePlaces(bundle.map) });
  const config = report.config ?? {};
  const closure = closureOf(workspaceRoot, bundle.imports);
  if (!closure.every((path) => changeTime(workspaceRoot, path) < startedAt - CLOCK_STEP_MS)) return resolved(config);
  const stamps = closure.map((path) => stampFile(workspaceRoot, path, { now: world.now() }));
  const stored: StoredConfig = { config, files: [...stamps, ...facts.files()], facts: facts.facts() };
  cache?.set(key, JSON.stringify(stored));
  return resolved(config);
}

function reuse(text: string | undefined, world: World): StoredConfig | undefined {
  if (text === undefined) return undefined;
  try {
    const stored = JSON.parse(text) as StoredConfig;
    const now = world.now();
    const holds = stored.files.every((stamp) => recheckFile(world.workspaceRoot, stamp, now) !== undefined);
    return holds && stored.facts.every((recorded) => factHolds(world, recorded)) ? stored : undefined;
  } catch {
    return undefined;
  }
}
