import { existsSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import type { DebianRequest, FactAnswer } from "@imgbuild/define";
import { ImgbuildError, type Position } from "@imgbuild/errors";
import { byCodeUnit, FORMAT_VERSION, type Graph, hashParts } from "@imgbuild/graph";
import { bundleDefinitions } from "./bundle.ts";
import { closureOf } from "./closure.ts";
import { throwFailures } from "./evaluation-errors.ts";
import { FactRecorder, type World } from "./facts.ts";
import { CLOCK_STEP_MS, changeTime, stampFile } from "./file-stamp.ts";
import { holdsCredentials } from "./holds-credentials.ts";
import { checkNames, makeGraph } from "./make-graph.ts";
import { resolvePatterns } from "./resolve-patterns.ts";
import { runInContext } from "./run-context.ts";
import type { Runtime } from "./runtime.ts";
import { type EvaluationCache, loadEvaluation, type SavedEvaluation, saveEvaluation } from "./saved-evaluation.ts";
import { selectLabels } from "./select-labels.ts";
import { SourcePlaces } from "./source-places.ts";
import { warningsOf } from "./warnings.ts";

/** What an evaluation needs of the world. */
export interface EvaluateOptions {
  /** Absolute. */
  readonly workspaceRoot: string;
  /** Labels and patterns as typed. */
  readonly patterns: readonly string[];
  /** Where they were typed: absolute, in the workspace. Default its root. */
  readonly cwd?: string;
  readonly cache: EvaluationCache;
  /** Remembers directories that were searched for definitions; without it all are listed each time. */
  readonly searches?: EvaluationCache;
  readonly runtime: Runtime;
  /** Absolute path of the store: nothing in it is a definition. */
  readonly cacheDir?: string;
  readEnv(name: string): string | undefined;
  /** What programs of this machine are known to be: the version of Node, and the platform. Part of what depends on it. */
  readonly machine?: string;
  /** What `imgbuild.lock` has for a request: the value is a `LockAnswer`. Without it there is no lock. */
  readonly debianLock?: (request: DebianRequest) => FactAnswer;
  /** Told which packages of Debian are asked for and where, once all is evaluated; not when an earlier evaluation is reused. */
  readonly debianAsked?: (request: DebianRequest, position: Position | null) => void;
  /** Milliseconds since 1970; used only to tell files that are too young to trust their times. */
  now(): number;
  readonly signal: AbortSignal;
  /** How long definitions may compute, in milliseconds. Default 10 seconds. */
  readonly timeLimitMs?: number;
}

/** An evaluated part of a workspace. */
export interface Evaluation {
  /** Every target of the definitions that were evaluated. */
  readonly graph: Graph;
  /** Those that were asked for, sorted. */
  readonly labels: readonly string[];
  /** What definitions print or do that is deprecated. */
  readonly warnings: readonly string[];
  /** Whether an earlier evaluation was reused. */
  readonly cached: boolean;
  /** Number of definitions that were asked for. */
  readonly definitions: number;
  /** Files whose change can change the result, and directories that were searched: relative to the workspace, sorted. */
  readonly watchFiles: readonly string[];
}

/**
 * Evaluates the definitions that the patterns name, or reuses an earlier evaluation whose files and facts still hold.
 * Throws every error of every definition together, with places: `definition`, `impure-definition`, `cycle`, `conflict`,
 * `path-escape`, `unknown-label`, `usage`; `cancelled` on abort.
 */
export async function evaluate(given: EvaluateOptions): Promise<Evaluation> {
  const options = { ...given, workspaceRoot: realPath(given.workspaceRoot) };
  const { workspaceRoot, cache, runtime } = options;
  const world = worldOf(options);
  const selection = resolvePatterns(
    { ...world, searches: options.searches },
    options.patterns,
    inWorkspace(workspaceRoot, realPath(options.cwd ?? workspaceRoot)),
  );
  const { files } = selection;
  const parts = [String(FORMAT_VERSION), runtime.digest, ...files];
  const key = hashParts("imgbuild.evaluation", parts);
  const reused = loadEvaluation(cache, key, world);
  const saved = reused ?? (await evaluateAnew({ options, world, files, key }));
  checkNames(saved.graph.targets);
  const labels = selectLabels(selection.patterns, { graph: saved.graph, others: saved.others, files });
  return {
    graph: saved.graph,
    labels,
    warnings: saved.warnings.map((warning) => warning.message),
    cached: reused !== undefined,
    definitions: files.length,
    watchFiles: watchFilesOf(saved),
  };
}

interface Job {
  readonly options: EvaluateOptions;
  readonly world: World;
  readonly files: readonly string[];
  readonly key: string;
}

async function evaluateAnew({ options, world, files, key }: Job): Promise<SavedEvaluation> {
  const { workspaceRoot, runtime, signal, cache } = options;
  const startedAt = world.now();
  stopIfAborted(signal);
  const bundle = await bundleDefinitions(workspaceRoot, files, "targets");
  stopIfAborted(signal);
  const facts = new FactRecorder(world);
  const { code } = bundle;
  const timeLimitMs = options.timeLimitMs ?? 10_000;
  const report = runInContext({ runtime, code, timeLimitMs, answer: (fact) => facts.answer(fact) });
  const places = new SourcePlaces(bundle.map);
  throwFailures(report, { imports: bundle.imports, places });
  for (const { fact } of facts.facts()) {
    if (fact.kind === "debianLock") options.debianAsked?.(fact.request, places.place(fact.position));
  }
  const closure = closureOf(workspaceRoot, bundle.imports);
  const saved: SavedEvaluation = {
    graph: makeGraph(report.nodes, report.targets, (raw) => places.place(raw)),
    others: report.others.map(({ file, name, what }) => ({ file, name, what })),
    warnings: warningsOf(report, places),
    files: [...closure.map((path) => stampFile(workspaceRoot, path, { now: world.now() })), ...facts.files()],
    facts: facts.facts(),
  };
  stopIfAborted(signal);
  // A module that changed since the start may not be the one that esbuild read: such a result is not kept.
  const settled = closure.every((path) => changeTime(workspaceRoot, path) < startedAt - CLOCK_STEP_MS);
  if (settled && !holdsCredentials(saved.graph)) saveEvaluation(cache, key, saved);
  return saved;
}

/** The world of an evaluation, with the store's place as the walks need it. */
export function worldOf(
  options: Pick<EvaluateOptions, "workspaceRoot" | "cacheDir" | "readEnv" | "machine" | "debianLock" | "now">,
): World {
  const inside = options.cacheDir === undefined ? ".." : relative(options.workspaceRoot, realPath(options.cacheDir));
  return {
    workspaceRoot: options.workspaceRoot,
    cacheDir: inside === "" || inside.startsWith("..") || isAbsolute(inside) ? null : inside,
    readEnv: (name) => options.readEnv(name),
    machine: options.machine ?? "unknown",
    debianLock: (request) => options.debianLock?.(request) ?? { value: { missing: "lock" } },
    now: () => options.now(),
  };
}

/** esbuild names files by their real paths, so all paths must be. */
export function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function inWorkspace(root: string, cwd: string): string {
  const inside = relative(root, cwd);
  // From outside, relative labels count from the top.
  return inside.startsWith("..") || isAbsolute(inside) ? "" : inside;
}

function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new ImgbuildError("cancelled", "Cannot finish the evaluation: it was cancelled");
}

function watchFilesOf(saved: SavedEvaluation): string[] {
  const out = new Set<string>();
  for (const file of saved.files) if (file.sha256 !== null) out.add(file.path);
  for (const { fact } of saved.facts) {
    if (fact.kind === "glob") out.add(fact.cwd === "" ? "." : fact.cwd);
    if (fact.kind === "file") out.add(fact.path);
    if (fact.kind === "debianLock") out.add("imgbuild.lock");
    if (fact.kind === "git.head") out.add(join(".git", "HEAD"));
  }
  return [...out].sort(byCodeUnit);
}
