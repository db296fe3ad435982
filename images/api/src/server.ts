import { memoryQueue, redisQueue } from "@example/jobs";
import { createApp } from "./app.ts";

const { PORT = "8080", REDIS_URL } = process.env;

const queue = REDIS_URL === undefined ? memoryQueue() : await redisQueue(REDIS_URL);
const app = createApp(queue);

// Docker sends SIGTERM: what is under way is answered, then the process ends by itself.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, async () => {
    await app.close();
    await queue.close();
    app.log.info("stopped");
  });
}

await app.listen({ host: "0.0.0.0", port: Number(PORT) });
