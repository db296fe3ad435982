import { availableParallelism } from "node:os";
import type { Deliverable } from "@imgbuild/deliver";
import { exitCodeOf, ImgbuildError } from "@imgbuild/errors";
import type { DerivationId, Graph, InputHash, MergeImagesArgs, Output, Target, TargetImage } from "@imgbuild/graph";
import type { ImageData } from "@imgbuild/image";
import { execute, hashInputs, type Plan, type RunResult, targetRecord } from "@imgbuild/scheduler";
import { failIfAllFailed, uniqueErrors } from "./check-plan.ts";
import { settleKept } from "./kept-sandboxes.ts";
import { namedImages } from "./named-images.ts";
import { type Prepared, planTargets } from "./prepare.ts";
import type { Session } from "./session.ts";
import { traceAdapter } from "./trace-adapter.ts";

/** A target that is built. */
export interface BuiltTarget {
  readonly target: Target;
  /** `name:tag`, of merged images each with a comma between; "" for a target that has no name. */
  readonly reference: string;
  /** Of an image: its ID. */
  readonly digest: string;
  /** Undefined for a target that is no single image. Its layers know their sources. */
  readonly image: ImageData | undefined;
  /** What may be delivered: one image, several, or an index of them. Layers know their sources. Empty for what is no image. */
  readonly deliverables: readonly Deliverable[];
  readonly inputHash: string;
  /** How an archive of it is compressed unless the command says otherwise; undefined where that has no meaning. */
  readonly compressor: TargetImage["compressor"] | undefined;
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
  const { host, flags } = session;
  const planned = planTargets(session, prepared);
  failIfAllFailed(planned, flags.keepGoing);
  const result = await executePlan(session, prepared, planned);
  await settleKept(session, { prepared, failed: failedOf(result) });
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

/** Labels of targets that did not come to an end, for whatever reason. */
function failedOf(result: RunResult): Set<string> {
  return new Set([...result.targets].filter(([, outcome]) => outcome.status !== "done").map(([label]) => label));
}

async function executePlan(session: Session, prepared: Prepared, planned: Plan): Promise<RunResult> {
  const { host, store, flags, emit } = session;
  const over = new AbortController();
  const toBuild = [...planned.nodes.values()].filter(({ state }) => state === "build");
  const ahead = toBuild.map(({ derivation }) => derivation);
  prepared.steps.fetchAhead(ahead, AbortSignal.any([host.signal, over.signal]));
  try {
    return await execute(planned, {
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
  } finally {
    // What a run that failed would have needed is not waited for.
    over.abort();
  }
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
    readonly output: Output;
  };
}

function finish(
  session: Session,
  { prepared, planned, result, target, hash: inputHash, outcome }: Finished,
): BuiltTarget {
  const { graph } = prepared.evaluation;
  if (inputHash === undefined)
    throw new ImgbuildError("internal", `Internal error: "${target.label}" has no input hash`);
  const named = namedImages(target, { prepared, result, inputHash, output: outcome.output });
  const single = SINGLE.has(graph.derivations.get(target.derivation)?.kind ?? "") ? named[0] : undefined;
  // The step's own digest tells images of one config apart by how their layers are kept.
  const digest = single?.data.config ?? outcome.output.digest;
  const before = prepared.memory.get(target.label);
  const unchanged = before?.digest === digest;
  // A build with nothing to do writes nothing, and does not look for what it would have written.
  if (session.flags.cache && !(unchanged && before.record.inputHash === inputHash)) {
    const record = targetRecord(graph, target, { inputHash, leaves: result.leaves });
    const took = result.criticalPath.filter((step) => planned.nodes.has(step.id));
    const durations = Object.fromEntries(took.map((step) => [step.id, Math.round(step.ms)]));
    prepared.memory.set(target.label, { record, digest, durations: { ...before?.durations, ...durations } });
  }
  const reference = named.flatMap((image) => image.references).join(",");
  const done = { label: target.label, reference, digest, unchanged, result: outcome.result };
  session.emit({ type: "target.done", ...done });
  const withSources = (image: ImageData) => prepared.steps.withSources(image, graph, result.outputs);
  return {
    ...done,
    target,
    inputHash,
    compressor: compressorOf(target, graph),
    // Only who delivers asks for these, and finding the sources of layers walks the whole graph.
    get image() {
      return single === undefined ? undefined : withSources(single.data);
    },
    get deliverables() {
      return named.map((each) => ({
        ...each,
        data: withSources(each.data),
        platforms: each.platforms?.map(withSources),
      }));
    },
  };
}

/** Kinds of targets that are one image. */
const SINGLE: ReadonlySet<string> = new Set(["image", "pullImage"]);

function compressorOf(target: Target, graph: Graph): BuiltTarget["compressor"] {
  const derivation = graph.derivations.get(target.derivation);
  if (derivation?.kind === "merge-images") return (derivation.args as unknown as MergeImagesArgs).compressor;
  return target.image?.compressor;
}
