import { Worker } from "node:worker_threads";
import { THREAD_PROGRAM } from "./program.ts";
import type { ThreadMessage } from "./protocol.ts";

/** A thread that reads and hashes files; for one user at a time. It does not keep the process from ending. */
export class WorkThread {
  readonly #posted = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  constructor() {
    this.#worker = new Worker(THREAD_PROGRAM, { eval: true, workerData: { posted: this.#posted } });
    this.#worker.unref();
    // Nothing waits for its errors, and an event without a listener would end the process.
    this.#worker.on("error", () => undefined);
  }

  /** Tells it what to do after what it was told before. */
  post(message: ThreadMessage): void {
    this.#worker.postMessage(message);
    Atomics.add(this.#posted, 0, 1);
    Atomics.notify(this.#posted, 0);
  }

  /** Ends it at once, whatever it does. */
  end(): void {
    void this.#worker.terminate();
  }
}

/** Layers below this many bytes are packed by one thread: starting another one costs more. */
export const WORTH_A_THREAD: number = 16 << 20;

/**
 * The threads of one run: starting one costs 40 ms, so that whoever measures sources and whoever packs them use the same.
 * A thread that is taken is given back, or ended when it may be in the middle of something. The owner calls `close`.
 */
export class WorkThreads {
  readonly #idle: WorkThread[] = [];

  /** One that nobody uses; undefined where the system allows no more threads. */
  take(): WorkThread | undefined {
    return this.#idle.pop() ?? start();
  }

  /** Says that a layer of so many bytes is likely to be packed soon: a thread that it is worth may start already. */
  expect(bytes: number): void {
    const thread = bytes >= WORTH_A_THREAD && this.#idle.length === 0 ? start() : undefined;
    if (thread !== undefined) this.#idle.push(thread);
  }

  giveBack(thread: WorkThread): void {
    this.#idle.push(thread);
  }

  /** Ends those that nobody uses. */
  close(): void {
    for (const thread of this.#idle.splice(0)) thread.end();
  }
}

function start(): WorkThread | undefined {
  try {
    return new WorkThread();
  } catch {
    return undefined;
  }
}
