import { describeTraceStore } from "./describe-trace-store.ts";
import { memoryTraceStore } from "./memory-trace-store.ts";

describeTraceStore("the store in memory", () => {
  const store = memoryTraceStore();
  return { store, addBlob: (content) => `sha256:${content}`, loseBlob: store.loseBlob, dispose: () => {} };
});
