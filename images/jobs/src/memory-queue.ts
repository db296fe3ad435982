import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, JobQueue, JobState } from "./job.ts";

/** A queue inside one process: for the api alone, without Redis. */
export function memoryQueue(): JobQueue {
  const waiting: Job[] = [];
  const states = new Map<string, JobState>();
  return {
    add: async (text) => {
      const id = randomUUID();
      waiting.push({ id, text });
      states.set(id, { state: "waiting" });
      return id;
    },
    state: async (id) => states.get(id) ?? { state: "unknown" },
    take: async () => {
      if (waiting.length === 0) await sleep(1000);
      return waiting.shift();
    },
    finish: async (id, words) => {
      states.set(id, { state: "done", words });
    },
    close: async () => {},
  };
}
