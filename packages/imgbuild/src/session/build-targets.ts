import { availableParallelism } from "node:os";
import { exitCodeOf, ImgbuildError } from "@imgbuild/errors";
import { type DerivationId, type InputHash, type Target, tagOf } from "@imgbuild/graph";
import type { ImageData } from "@imgbuild/image";
import { execute, hashInputs, type Plan, type RunResult, targetRecord } from "@imgbuild/scheduler";
import type { ImageOutput } from "@imgbuild/steps";
import { failIfAllFailed, uniqueErrors } from "./check-plan.ts";
import { type Prepared, planTargets } from "./prepare.ts";
import { referenceOf } from "./reference.ts";
import type { Session } from "./session.ts";
import { traceAdapter } from "./trace-adapter.ts";

/** A target that is built. */
export interface BuiltTarget {
  readonly target: Target;
  /** `name:tag`; "" for a target that is no image. */
  readonly reference: string;
  /** Of an image: its ID. */
  readonly digest: string;
  /** Undefined for a target that is no image. Its layers know their sources. */
  readonly image: ImageData | undefined;
  readonly inputHash: string;
  readonly result: "hit" | "built";
  /** Whether the last build gave the same. */
  readonly unchanged: boolean;
}

/** What building came to. `errors` are those of the targets that failed, each once. */
export interface Built {
  readonly targets: readonly BuiltTarget[];
  readonly errors: readonly ImgbuildError[];
  readonly result: RunResult;
}

/** Builds what the plan says, remembers it, and emits `target.done` for each target. Throws `cancelled` after a signal. */
export async function buildTargets(session: Session, prepared: Prepared): Promise<Built> {
  const { host, store, flags, emit } = session;
  const planned = planTargets(session, prepared);
  failIfAllFailed(planned, flags.keepGoing);
  const result = await execute(planned, {
    jobs: flags.jobs ?? availableParallelism(),
    keepGoing: flags.keepGoing,
    signal: host.signal,
    emit,
    traces: traceAdapter(store),
    locks: store.locks,
    runners: prepared.steps.runners,
    leafReader: prepared.steps.leafReader,
    now: () => host.clock(),
  });
  if (host.signal.aborted) throw new ImgbuildError("cancelled", "Cannot finish the build: it was cancelled");
  const reading = { leaves: result.leaves, errors: new Map<DerivationId, ImgbuildError>() };
  const ids = prepared.targets.filter(({ label }) => result.targets.get(label)?.status === "done");
  const hashes = hashInputs(
    prepared.evaluation.graph,
    ids.map((target) => target.derivation),
    reading,
  );
  const targets: BuiltTarget[] = [];
  const errors: ImgbuildError[] = [];
  for (const target of prepared.targets) {
    const outcome = result.targets.get(target.label);
    if (outcome?.status === "failed") errors.push(outcome.error);
    if (outcome?.status !== "done") continue;
    targets.push(finish(session, { prepared, planned, result, target, outcome, hash: hashes.get(target.derivation) }));
  }
  return { targets, errors: uniqueErrors(errors), result };
}

/** The exit code of a run in which these targets failed: their own when they agree, else 1. */
export function exitCodeFor(errors: readonly ImgbuildError[]): number {
  const codes = new Set(errors.flatMap((error) => [error, ...error.related]).map((error) => exitCodeOf(error.code)));
  const [first = 0] = codes;
  return codes.size > 1 ? 1 : first;
}

interface Finished {
  readonly prepared: Prepared;
  readonly planned: Plan;
  readonly result: RunResult;
  readonly target: Target;
  readonly hash: InputHash | undefined;
  readonly outcome: {
    readonly result: "hit" | "built";
    readonly output: { readonly digest: string; readonly data: unknown };
  };
}

function finish(
  session: Session,
  { prepared, planned, result, target, hash: inputHash, outcome }: Finished,
): BuiltTarget {
  const { graph } = prepared.evaluation;
  if (inputHash === undefined)
    throw new ImgbuildError("internal", `Internal error: "${target.label}" has no input hash`);
  const { digest } = outcome.output;
  const before = prepared.memory.get(target.label);
  const unchanged = before?.digest === digest;
  // A build with nothing to do writes nothing, and does not look for what it would have written.
  if (session.flags.cache && !(unchanged && before.record.inputHash === inputHash)) {
    const record = targetRecord(graph, target, { inputHash, leaves: result.leaves });
    const took = result.criticalPath.filter((step) => planned.nodes.has(step.id));
    const durations = Object.fromEntries(took.map((step) => [step.id, Math.round(step.ms)]));
    prepared.memory.set(target.label, { record, digest, durations: { ...before?.durations, ...durations } });
  }
  const image = target.image === null ? undefined : (outcome.output.data as ImageOutput).image;
  const reference = target.image === null ? "" : referenceOf(target, tagOf(inputHash));
  const done = { label: target.label, reference, digest, unchanged, result: outcome.result };
  session.emit({ type: "target.done", ...done });
  return {
    ...done,
    target,
    inputHash,
    // Only who delivers asks for it, and finding the sources of layers walks the whole graph.
    get image() {
      return image === undefined ? undefined : prepared.steps.withSources(image, graph, result.outputs);
    },
  };
}
