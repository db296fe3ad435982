import type { Output, Trace, TraceStore } from "@imgbuild/graph";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";

/** The graph's trace store over the tables of a store. A trace whose blobs are not all there is forgotten. */
export function traceAdapter(store: Store): TraceStore {
  return {
    find(key) {
      const row = store.traces.find(key);
      if (row === undefined) return undefined;
      const output = parse(row.output);
      if (output !== undefined && row.blobs.every((blob) => store.blobs.size(blob as Digest) !== undefined)) {
        return { output, durationMs: row.durationMs, blobs: row.blobs };
      }
      store.traces.forget(key);
      return undefined;
    },
    record(key, trace: Trace, options) {
      const { output, durationMs, blobs } = trace;
      store.traces.record(key, { output: JSON.stringify(output), durationMs, blobs }, options);
    },
  };
}

function parse(text: string): Output | undefined {
  try {
    const value = JSON.parse(text) as Output;
    return typeof value.digest === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
