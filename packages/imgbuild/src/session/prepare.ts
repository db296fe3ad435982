import { existsSync } from "node:fs";
import { join } from "node:path";
import { diffTrees, type LeafReading, type Target, type TreeChange } from "@imgbuild/graph";
import { type EvaluateOptions, type Evaluation, type EvaluationCache, evaluate } from "@imgbuild/loader";
import {
  explainMiss,
  hashInputs,
  type LeafRecord,
  type Plan,
  plan,
  reachable,
  targetRecord,
} from "@imgbuild/scheduler";
import { createSteps, type Steps } from "@imgbuild/steps";
import type { Store } from "@imgbuild/store";
import type { Codec } from "@imgbuild/tar";
import { LOCK_FILE } from "../debian/lock-name.ts";
import { scriptOptions } from "./script-options.ts";
import type { Session } from "./session.ts";
import { TargetMemory } from "./target-memory.ts";
import { traceAdapter } from "./trace-adapter.ts";

/** The targets of a run, evaluated and measured; nothing is built yet. */
export interface Prepared {
  readonly evaluation: Evaluation;
  readonly targets: readonly Target[];
  readonly steps: Steps;
  readonly leaves: LeafReading;
  readonly memory: TargetMemory;
}

function factSpace({ facts }: Store, space: string): EvaluationCache {
  return { get: (key) => facts.get(space, key), set: (key, value) => facts.set(space, key, value) };
}

/** Evaluates the definitions that the labels name. */
export async function evaluateTargets(session: Session, labels: readonly string[]): Promise<Evaluation> {
  const { host, workspaceRoot, cwd, store, runtime, cacheDir, emit } = session;
  const begin = host.clock();
  const evaluation = await evaluate({
    workspaceRoot,
    patterns: labels,
    cwd,
    cacheDir,
    runtime,
    cache: factSpace(store, "evaluations 1"),
    searches: factSpace(store, "searches 1"),
    readEnv: (name) => host.env[name],
    machine: host.node.name,
    ...(await debianLockOf(workspaceRoot)),
    now: () => host.now(),
    signal: host.signal,
  });
  for (const message of evaluation.warnings) emit({ type: "warning", message });
  const { definitions, cached } = evaluation;
  emit({ type: "eval.done", definitions, cached, ms: host.clock() - begin });
  return evaluation;
}

/** Answers from the lock of a workspace; without a lock nothing is loaded for it. */
async function debianLockOf(workspaceRoot: string): Promise<Pick<EvaluateOptions, "debianLock">> {
  if (!existsSync(join(workspaceRoot, LOCK_FILE))) return {};
  const { lockAnswers } = await import("../debian/lock-answers.ts");
  return { debianLock: lockAnswers(workspaceRoot) };
}

/** The form in which these targets will be delivered; undefined when none of them will be. */
export type CodecChoice = (targets: readonly Target[]) => Codec | undefined;

/** Evaluates, and measures every source that the targets need. `codecFor` chooses the form that will be delivered, if one will be. */
export async function prepare(session: Session, codecFor?: CodecChoice): Promise<Prepared> {
  const { host, store, workspaceRoot, cacheDir, flags } = session;
  const evaluation = await evaluateTargets(session, flags.labels);
  const wanted = new Set(evaluation.labels);
  const targets = evaluation.graph.targets.filter((target) => wanted.has(target.label));
  const hidden = new Set([cacheDir]);
  const steps = createSteps({
    ...{ store, workspaceRoot, hidden },
    now: () => host.now(),
    codec: () => codecFor?.(targets),
    scripts: scriptOptions(host, flags),
    npm: session.npm,
    debian: session.debian,
    web: session.web,
    registry: session.registry,
    threads: session.threads,
  });
  const leaves = sweep(session, { evaluation, targets, steps });
  return { evaluation, targets, steps, leaves, memory: new TargetMemory(store) };
}

function sweep(session: Session, what: Pick<Prepared, "evaluation" | "targets" | "steps">): LeafReading {
  const { host, emit } = session;
  const begin = host.clock();
  const { graph } = what.evaluation;
  const { leafReader } = what.steps;
  const needed = reachable(
    graph,
    what.targets.map((target) => target.derivation),
  );
  const kinds = leafReader.kinds;
  const reading = leafReader.read(
    [...graph.derivations.values()].filter(({ id, kind }) => needed.has(id) && kinds.has(kind)),
  );
  const files = [...reading.leaves.values()].reduce((sum, leaf) => sum + leaf.files, 0);
  const { filesOpened, bytesHashed } = reading;
  emit({ type: "sweep.done", files, filesOpened, bytesHashed, ms: host.clock() - begin });
  return reading;
}

/** Decides what must be done, and says it: `plan.done`, and `target.why` for each target that is not all there. */
export function planTargets(session: Session, prepared: Prepared): Plan {
  const { flags, store, emit } = session;
  const { targets, evaluation, leaves, steps, memory } = prepared;
  const durations = memory.durations(targets.map((target) => target.label));
  const planned = plan({
    graph: evaluation.graph,
    targets,
    leaves,
    runners: steps.runners,
    traces: traceAdapter(store),
    force: flags.force ? new Set(targets.map((target) => target.label)) : undefined,
    noCache: !flags.cache,
    recordedMs: (id) => durations.get(id),
  });
  emit({ type: "plan.done", steps: planned.steps });
  for (const target of targets) explain(session, { target, planned, prepared });
  return planned;
}

function explain(
  session: Session,
  what: { readonly target: Target; readonly planned: Plan; readonly prepared: Prepared },
): void {
  const { target, planned, prepared } = what;
  const node = planned.nodes.get(target.derivation);
  if (node === undefined || node.mode === "inline" || node.state === "hit" || node.state === "failed") return;
  const { graph } = prepared.evaluation;
  const hash = hashInputs(graph, [target.derivation], prepared.leaves).get(target.derivation);
  if (hash === undefined) return;
  const current = targetRecord(graph, target, { inputHash: hash, leaves: prepared.leaves.leaves });
  const { flags } = session;
  const load = (digest: string) => prepared.steps.node(digest);
  const changedPaths = (before: LeafRecord, after: LeafRecord): readonly TreeChange[] =>
    load(before.digest) === undefined || load(after.digest) === undefined
      ? []
      : diffTrees(before.digest, after.digest, { load, limit: 1000 }).map((change) => ({
          ...change,
          path: after.path === "" ? change.path : `${after.path}/${change.path}`,
        }));
  const why = explainMiss(prepared.memory.get(target.label)?.record, current, {
    changedPaths,
    forced: flags.force,
    noCache: !flags.cache,
  });
  session.emit({ type: "target.why", label: target.label, ...why });
}
