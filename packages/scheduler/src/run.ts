import { atPosition, fromUnknown, type ImgbuildError } from "@imgbuild/errors";
import { byCodeUnit, type DerivationId, type Leaf, type Output, type ResolvedKey, type Step } from "@imgbuild/graph";
import type { ExecuteOptions } from "./execute-options.ts";
import { type Performed, performStep, stepTitle } from "./perform-step.ts";
import type { Plan } from "./plan.ts";
import { type Failure, unionOfFailures } from "./plan-node.ts";
import { type ReadyQueue, readyQueue } from "./ready-queue.ts";
import { measureAgain } from "./remeasure.ts";
import { inlineOutput, keyOf, runnerOf } from "./resolve-step.ts";
import { complete, type RunNode, reopen, withDependants } from "./run-node.ts";
import { runNodes } from "./run-nodes.ts";
import { stepView } from "./step-view.ts";

/** How often a step is tried again because an input changed while it was read. */
const MAX_RETRIES = 3;

interface Queued {
  readonly node: RunNode;
  readonly generation: number;
}

/**
 * One execution of a plan. Every change of a node goes through `settle` (its inputs are done: what now?), `start` and
 * `finish`; between them the invariant holds that a node is queued, running or following if and only if all its inputs
 * are done and it is not.
 */
export class Run {
  readonly nodes: ReadonlyMap<DerivationId, RunNode>;
  leaves: ReadonlyMap<DerivationId, Leaf>;

  readonly #plan: Plan;
  readonly #options: ExecuteOptions;
  readonly #queue: ReadyQueue<Queued>;
  /** Steps under way by key, each with the equal steps that wait for it: equal work is done once. */
  readonly #underWay = new Map<ResolvedKey, Queued[]>();
  /** What ran in this run, so that a forced or uncached step runs once, not once for each equal step. */
  readonly #built = new Map<ResolvedKey, { readonly output: Output; readonly ms: number }>();
  #running = 0;
  #failed: boolean;
  #finished: () => void = () => {};
  #broken: (error: unknown) => void = () => {};

  constructor(plan: Plan, options: ExecuteOptions) {
    this.#plan = plan;
    this.#options = options;
    this.leaves = plan.leaves.leaves;
    this.nodes = runNodes(plan);
    this.#failed = plan.failed.size > 0;
    const remaining = (node: RunNode): number => plan.remainingMs.get(node.derivation.id) ?? 0;
    this.#queue = readyQueue(
      (a, b) => remaining(b.node) - remaining(a.node) || byCodeUnit(a.node.derivation.id, b.node.derivation.id),
    );
  }

  /** Resolves when nothing runs and nothing more will. Called once. */
  async finish(): Promise<void> {
    for (const node of this.nodes.values()) if (node.mode === "cached" && node.status === "done") this.#report(node);
    this.#settle([...this.nodes.values()].filter((node) => node.missing === 0));
    await new Promise<void>((resolve, reject) => {
      this.#finished = resolve;
      this.#broken = reject;
      this.#startReady();
    });
  }

  get #halted(): boolean {
    return this.#options.signal.aborted || (this.#failed && !this.#options.keepGoing);
  }

  #startReady(): void {
    const jobs = Math.max(1, Math.floor(this.#options.jobs) || 1);
    while (this.#running < jobs && !this.#halted) {
      const next = this.#queue.pop();
      if (next === undefined) break;
      if (next.generation === next.node.generation && next.node.status === "queued") this.#start(next);
    }
    if (this.#running === 0) this.#finished();
  }

  /** Decides about nodes whose inputs are all done; what that makes ready is decided too. */
  #settle(ready: readonly RunNode[]): void {
    const list = [...ready];
    for (let node = list.pop(); node !== undefined; node = list.pop()) {
      if (node.status !== "waiting" || node.missing > 0) continue;
      try {
        this.#settleOne(node);
      } catch (error) {
        this.#fail(node, fromUnknown(error, `Cannot build "${node.label}"`));
      }
      if (node.output === undefined) continue;
      for (const dependant of node.dependants) if (dependant.missing === 0) list.push(dependant);
    }
  }

  #settleOne(node: RunNode): void {
    const { derivation } = node;
    const inputs = node.inputs.map((input) => input.output).filter((output) => output !== undefined);
    const key = keyOf(derivation, runnerOf(this.#options.runners, derivation), {
      leaf: this.leaves.get(derivation.id),
      inputs,
    });
    node.key = key;
    if (node.mode === "inline") {
      // Says for a target that is inline, such as a tree, whether anything had to be built for it.
      const result = node.inputs.some((input) => input.result === "built") ? "built" : "hit";
      complete(node, { key, output: inlineOutput(key), result, ms: 0, savedMs: 0 });
      return;
    }
    // The plan has asked the trace store about this very key already.
    const planned = this.#plan.nodes.get(derivation.id);
    const knownMiss = planned?.state === "build" && planned.key === key;
    const trace = this.#cacheOf(node) === "trust" && !knownMiss ? this.#options.traces.find(key) : undefined;
    if (trace === undefined) this.#enqueue(node);
    else this.#hit(node, key, { output: trace.output, ms: trace.durationMs });
  }

  #cacheOf(node: RunNode): "trust" | "replace" | "none" {
    if (this.#plan.noCache) return "none";
    return this.#plan.forced.has(node.derivation.id) ? "replace" : "trust";
  }

  #enqueue(node: RunNode): void {
    node.status = "queued";
    this.#queue.push({ node, generation: node.generation });
  }

  #hit(node: RunNode, key: ResolvedKey, was: { readonly output: Output; readonly ms: number }): void {
    complete(node, { key, output: was.output, result: "hit", ms: 0, savedMs: was.ms });
    this.#report(node);
  }

  #start({ node, generation }: Queued): void {
    const { key } = node;
    if (key === undefined) return;
    const built = this.#built.get(key);
    if (built !== undefined) {
      this.#hit(node, key, built);
      this.#settle(node.dependants);
      return;
    }
    const followers = this.#underWay.get(key);
    if (followers !== undefined) {
      node.status = "following";
      followers.push({ node, generation });
      return;
    }
    node.status = "running";
    this.#running++;
    this.#underWay.set(key, []);
    this.#perform(node, key).catch(this.#broken);
  }

  async #perform(node: RunNode, key: ResolvedKey): Promise<void> {
    const { generation, label } = node;
    const { runners, signal, emit, traces, locks, now } = this.#options;
    const { id, kind } = node.derivation;
    let bytes = 0;
    let started = false;
    const progress: Step["progress"] = (done, total) => {
      bytes = done;
      emit({ type: "step.progress", id, label, bytes, ...(total === undefined ? {} : { total }) });
    };
    const step = stepView(node, {
      key,
      graph: this.#plan.graph,
      nodes: this.nodes,
      leaves: this.leaves,
      signal,
      progress,
      print: (source, lines) => emit({ type: "step.output", id, label, source, lines }),
    });
    const performed = await performStep(step, {
      label,
      runner: runnerOf(runners, node.derivation),
      traces,
      locks,
      cache: this.#cacheOf(node),
      emit(event) {
        if (event.type === "step.start") started = true;
        emit(event);
      },
      now,
      isCurrent: () => node.generation === generation,
    });
    if (performed.type !== "hit" && started) {
      const result = performed.type === "changed" ? "cancelled" : performed.type;
      const title = stepTitle(runners.get(kind), node.derivation);
      emit({ type: "step.end", id, kind, title, label, result, ms: performed.ms, bytes, savedMs: 0 });
    }
    this.#running--;
    this.#end({ node, generation }, key, performed);
    this.#startReady();
  }

  #end({ node, generation }: Queued, key: ResolvedKey, performed: Performed): void {
    const followers = (this.#underWay.get(key) ?? []).filter((each) => each.generation === each.node.generation);
    this.#underWay.delete(key);
    if (generation !== node.generation) {
      node.status = "waiting";
      const inherited = unionOfFailures(node.inputs);
      if (inherited.length > 0) this.#spread(node, inherited);
    } else {
      this.#accept(node, key, performed);
    }
    for (const { node: follower } of followers) {
      // A changed leaf may have reopened it meanwhile.
      if (follower.status !== "following") continue;
      if (performed.type === "failed") this.#spread(follower, node.failures);
      else this.#enqueue(follower);
    }
    this.#settle([node, ...node.dependants]);
  }

  #accept(node: RunNode, key: ResolvedKey, performed: Performed): void {
    switch (performed.type) {
      case "hit":
        this.#hit(node, key, { output: performed.trace.output, ms: performed.trace.durationMs });
        break;
      case "built": {
        const { output, ms } = performed;
        this.#built.set(key, { output, ms });
        complete(node, { key, output, result: "built", ms, savedMs: 0 });
        break;
      }
      case "changed":
        this.#retry(node, performed.error);
        break;
      case "failed":
        this.#fail(node, performed.error);
        break;
      case "cancelled":
        node.status = "waiting";
    }
  }

  #retry(node: RunNode, error: ImgbuildError): void {
    node.attempts++;
    if (node.attempts > MAX_RETRIES) {
      this.#fail(node, error);
      return;
    }
    this.#options.emit({ type: "warning", message: `${node.label}: an input changed while it was read, trying again` });
    const measured = measureAgain(node, this.#options.leafReader, this.leaves);
    this.leaves = measured.leaves;
    const reopened = withDependants([node, ...measured.changed]);
    node.status = "waiting";
    reopen(reopened);
    for (const [leaf, leafError] of measured.errors) this.#fail(leaf, leafError);
    this.#settle([...reopened]);
  }

  #fail(node: RunNode, error: ImgbuildError): void {
    this.#spread(node, [{ label: node.label, error: atPosition(error, node.derivation.position) }]);
  }

  /** Fails `node` and all that depend on it. A running one is asked when it ends; see `#end`. */
  #spread(node: RunNode, failures: readonly Failure[]): void {
    this.#failed = true;
    for (const each of withDependants([node])) {
      each.failures = unionOfFailures([each, { failures }]);
      if (each !== node && each.status === "running") continue;
      each.status = "failed";
      each.output = undefined;
    }
  }

  #report(node: RunNode): void {
    const { id, kind } = node.derivation;
    const { label, savedMs } = node;
    const title = stepTitle(this.#options.runners.get(kind), node.derivation);
    this.#options.emit({ type: "step.end", id, kind, title, label, result: "hit", ms: 0, bytes: 0, savedMs });
  }
}
