import type { ResolvedKey } from "@imgbuild/graph";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { describeTraceStore, testStore } from "@imgbuild/testkit";
import { traceAdapter } from "./trace-adapter.ts";

const place = testStore();
let store: Store;
beforeAll(async () => {
  store = await place.open();
});
afterAll(() => place.remove());

describeTraceStore("the adapter of a store", () => {
  // Traces of one test must not be seen by the next: each has keys of its own.
  const space = Math.random().toString(16).slice(2);
  const own = (key: ResolvedKey): ResolvedKey => `${space}${key}` as ResolvedKey;
  const adapter = traceAdapter(store);
  return {
    store: {
      find: (key) => adapter.find(own(key)),
      record: (key, trace, options) => adapter.record(own(key), trace, options),
    },
    addBlob: (content) => store.blobs.put(Buffer.from(`${space} ${content}`)),
    loseBlob: (digest) => store.blobs.remove(digest as Digest),
    dispose: () => undefined,
  };
});

test.each(["", "{", "null", "5", '{"digest":5}'])("a damaged row (%j) is a miss, and is forgotten", (output) => {
  const key = "damaged" as ResolvedKey;
  store.traces.record(key, { output, durationMs: 1, blobs: [] }, { replace: true });
  expect(traceAdapter(store).find(key)).toBeUndefined();
  expect(store.traces.find(key)).toBeUndefined();
});
