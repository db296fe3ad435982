import { redisQueue } from "@example/jobs";
import pRetry from "p-retry";
import { countWords } from "./count-words.ts";

const { REDIS_URL = "redis://127.0.0.1:6379" } = process.env;

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

const queue = await redisQueue(REDIS_URL);
console.log("ready");
while (!stop.signal.aborted) {
  const job = await pRetry(() => queue.take(), { retries: 5 });
  if (job === undefined) continue;
  const words = countWords(job.text);
  await queue.finish(job.id, words);
  console.log(`${job.id}: ${words} words`);
}
await queue.close();
console.log("stopped");
