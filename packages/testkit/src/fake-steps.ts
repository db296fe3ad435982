import { ImgbuildError } from "@imgbuild/errors";
import {
  type Derivation,
  type DerivationId,
  type Graph,
  hashParts,
  type Leaf,
  type LeafReader,
  type Step,
  type StepRunner,
} from "@imgbuild/graph";
import { seededRandom } from "./seeded-random.ts";

/** Files by path, and runners over them. Everything that happens is written down. */
export interface FakeSteps {
  /** Contents by path; change it between runs, or during one. */
  readonly world: Map<string, string>;
  readonly reader: LeafReader;
  readonly runners: ReadonlyMap<string, StepRunner>;
  /** Derivations performed so far, in the order in which they started. */
  readonly started: DerivationId[];
  /** The largest number that was under way at once. */
  readonly peak: () => number;
  /** Called when a step begins; what it throws, the step throws. */
  onRun: (step: Step) => void | Promise<void>;
}

/** Fake steps that end in an order drawn from `seed`, so that a failing order can be had again. */
export function fakeSteps(seed: number): FakeSteps {
  const world = new Map<string, string>();
  const started: DerivationId[] = [];
  const turn = turns(seed);
  let running = 0;
  let peak = 0;
  const fake: FakeSteps = {
    world,
    reader: { kinds: new Set(["fake-leaf"]), read: (leaves) => readWorld(world, leaves) },
    runners: new Map([
      ["fake-leaf", inline("fake-leaf")],
      ["fake-inline", inline("fake-inline")],
      ["fake-step", { kind: "fake-step", mode: "cached", version: 1, run }],
    ]),
    started,
    peak: () => peak,
    onRun: () => {},
  };
  async function run(step: Step): ReturnType<StepRunner["run"]> {
    started.push(step.derivation.id);
    peak = Math.max(peak, ++running);
    try {
      await fake.onRun(step);
      await turn();
      const inputs = step.derivation.inputs.map((id) => valueBelow(step, id, world));
      return { digest: stepValue(step.derivation, inputs), data: { inputs: inputs.length } };
    } finally {
      running--;
    }
  }
  return fake;
}

/** What a node comes to, computed from nothing but the graph and the files: the truth that builds are compared with. */
export function recompute(graph: Graph, id: DerivationId, world: ReadonlyMap<string, string>): string {
  const derivation = derivationIn(graph, id);
  if (derivation.kind === "fake-leaf") return leafOf(derivation, world).digest;
  const inputs = derivation.inputs.map((input) => recompute(graph, input, world));
  return derivation.kind === "fake-step" ? stepValue(derivation, inputs) : hashParts("fake.inline", inputs);
}

function valueBelow(step: Step, id: DerivationId, world: ReadonlyMap<string, string>): string {
  const derivation = derivationIn(step.graph, id);
  if (derivation.kind === "fake-leaf") return readVerified(step, derivation, world);
  if (derivation.kind === "fake-step") return step.output(id).digest;
  return hashParts(
    "fake.inline",
    derivation.inputs.map((input) => valueBelow(step, input, world)),
  );
}

/** As a real step does: what is read must be what the key was made from. */
function readVerified(step: Step, leaf: Derivation, world: ReadonlyMap<string, string>): string {
  const { digest } = step.leaf(leaf.id);
  if (leafOf(leaf, world).digest === digest) return digest;
  throw new ImgbuildError("input-changed", "Cannot read a fake leaf: it changed");
}

/** A coarse step has two outputs only, so that half of the changes stop at it. */
function stepValue(derivation: Derivation, inputs: readonly string[]): string {
  const { recipe, coarse } = derivation.args as { recipe: string; coarse: boolean };
  const fine = hashParts("fake.step", [recipe, ...inputs]);
  return coarse ? hashParts("fake.coarse", [recipe, String(Number.parseInt(fine.slice(0, 2), 16) % 2)]) : fine;
}

function readWorld(
  world: ReadonlyMap<string, string>,
  derivations: readonly Derivation[],
): ReturnType<LeafReader["read"]> {
  const leaves = new Map<DerivationId, Leaf>();
  const errors = new Map<DerivationId, ImgbuildError>();
  for (const derivation of derivations) {
    try {
      leaves.set(derivation.id, leafOf(derivation, world));
    } catch (error) {
      errors.set(derivation.id, error as ImgbuildError);
    }
  }
  return { leaves, errors, filesOpened: leaves.size, bytesHashed: 0 };
}

function leafOf(derivation: Derivation, world: ReadonlyMap<string, string>): Leaf {
  const { path } = derivation.args as { path: string };
  const content = world.get(path);
  if (content === undefined) throw new ImgbuildError("input-missing", `Cannot read "${path}": no such file`);
  return { digest: hashParts("fake.leaf", [content]), files: 1, bytes: content.length };
}

function derivationIn(graph: Graph, id: DerivationId): Derivation {
  const derivation = graph.derivations.get(id);
  if (derivation === undefined) throw new ImgbuildError("internal", `Internal error: the fake graph has no "${id}"`);
  return derivation;
}

function inline(kind: string): StepRunner {
  return {
    kind,
    mode: "inline",
    version: 1,
    run: () => Promise.reject(new Error(`${kind} is inline: run was called`)),
  };
}

/** Gives a `turn()` whose promises resolve one for each turn of the event loop, in an order drawn from `seed`. */
function turns(seed: number): () => Promise<void> {
  const random = seededRandom(seed);
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const [chosen] = waiting.splice(Math.floor(random() * waiting.length), 1);
    chosen?.();
    if (waiting.length > 0) setImmediate(release);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(release);
    });
}
