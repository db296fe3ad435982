import type { ResolvedKey, Trace, TraceStore } from "@imgbuild/graph";

/** A trace store in memory that can be looked into and damaged. */
export interface MemoryTraceStore extends TraceStore {
  /** Every key that has a trace. */
  keys(): readonly ResolvedKey[];
  /** Removes a blob: traces that name it are forgotten when they are asked for. */
  loseBlob(digest: string): void;
  /** Puts a lost blob back. */
  restoreBlob(digest: string): void;
  /** Forgets a trace, as the garbage collector does. */
  evict(key: ResolvedKey): void;
}

/** An empty trace store in memory. Blobs are taken to be present unless `loseBlob` was called. */
export function memoryTraceStore(): MemoryTraceStore {
  const traces = new Map<ResolvedKey, string>();
  const lost = new Set<string>();
  return {
    find(key) {
      const text = traces.get(key);
      if (text === undefined) return undefined;
      const trace = JSON.parse(text) as Trace;
      if (!trace.blobs.some((digest) => lost.has(digest))) return trace;
      traces.delete(key);
      return undefined;
    },
    record(key, trace, options) {
      if (options?.replace === true || !traces.has(key)) traces.set(key, JSON.stringify(trace));
    },
    keys: () => [...traces.keys()],
    loseBlob: (digest) => void lost.add(digest),
    restoreBlob: (digest) => void lost.delete(digest),
    evict: (key) => void traces.delete(key),
  };
}
