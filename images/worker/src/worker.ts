import { redisQueue } from "@example/jobs";
import pRetry from "p-retry";
import { countWords } from "./count-words.ts";

const { REDIS_URL = "redis://127.0.0.1:6379" } = process.env;

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

// Not ended by the signal itself: a job that was taken in this moment is done first.
const trying = { retries: 5, maxTimeout: 1000, shouldRetry: () => !stop.signal.aborted };

async function work(): Promise<void> {
  const queue = await redisQueue(REDIS_URL, stop.signal);
  console.log("ready");
  try {
    while (!stop.signal.aborted) {
      const job = await pRetry(() => queue.take(), trying);
      if (job === undefined) continue;
      const words = countWords(job.text);
      await queue.finish(job.id, words);
      console.log(`${job.id}: ${words} words`);
    }
  } finally {
    await queue.close();
  }
}

try {
  await work();
} catch (error) {
  // What is under way when the worker is told to stop may fail: Redis may be gone already.
  if (!stop.signal.aborted) throw error;
}
console.log("stopped");
