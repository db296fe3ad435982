import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import type { Job, JobQueue } from "./job.ts";

const WAITING = "jobs:waiting";
const keyOf = (id: string) => `jobs:${id}`;

/**
 * A queue in Redis at `url`; waits until the server answers. When `stop` aborts while the server is away, nothing waits for it any
 * longer: what is under way rejects.
 */
export async function redisQueue(url: string, stop: AbortSignal): Promise<JobQueue> {
  const client = createClient({ url });
  // A lost connection is made again by the client; without a listener it would end the process.
  client.on("error", () => undefined);
  const stopped = new Promise<never>((_, reject) => {
    stop.addEventListener("abort", () => {
      if (client.isReady) return;
      client.destroy();
      reject(new Error("Stopped while Redis was away"));
    });
  });
  await Promise.race([client.connect(), stopped]);
  return {
    add: async (text) => {
      const id = randomUUID();
      await client.hSet(keyOf(id), { text });
      await client.lPush(WAITING, id);
      return id;
    },
    state: async (id) => {
      const fields = await client.hGetAll(keyOf(id));
      if (fields.text === undefined) return { state: "unknown" };
      return fields.words === undefined ? { state: "waiting" } : { state: "done", words: Number(fields.words) };
    },
    take: async (): Promise<Job | undefined> => {
      const next = await client.brPop(WAITING, 1);
      if (next === null) return undefined;
      const text = await client.hGet(keyOf(next.element), "text");
      return typeof text === "string" ? { id: next.element, text } : undefined;
    },
    finish: async (id, words) => {
      await client.hSet(keyOf(id), { words: String(words) });
    },
    close: async () => {
      if (client.isOpen) await client.close();
    },
  };
}
