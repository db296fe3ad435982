export type { Job, JobQueue, JobState } from "./job.ts";
export { memoryQueue } from "./memory-queue.ts";
export { redisQueue } from "./redis-queue.ts";
