import { memoryQueue, redisQueue } from "@example/jobs";
import { createApp } from "./app.ts";

const { PORT = "8080", REDIS_URL } = process.env;

// Docker sends SIGTERM: what is under way is answered, then the process ends by itself.
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

async function serve(): Promise<void> {
  const queue = REDIS_URL === undefined ? memoryQueue() : await redisQueue(REDIS_URL, stop.signal);
  const app = createApp(queue);
  stop.signal.addEventListener("abort", async () => {
    await app.close();
    await queue.close();
    app.log.info("stopped");
  });
  await app.listen({ host: "0.0.0.0", port: Number(PORT) });
}

try {
  await serve();
} catch (error) {
  // Told to stop while Redis was away.
  if (!stop.signal.aborted) throw error;
}
