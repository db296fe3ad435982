import type { ResolvedKey, Trace, TraceStore } from "@imgbuild/graph";

/** A store under test, and the hand that takes blobs away from it. */
export interface TraceStoreRig {
  readonly store: TraceStore;
  /** Makes a blob present and gives its digest. */
  addBlob(content: string): string;
  loseBlob(digest: string): void;
  dispose(): void;
}

/** What every {@link TraceStore} must do. `make` gives an empty one. */
export function describeTraceStore(title: string, make: () => TraceStoreRig): void {
  describe(`${title} as a trace store`, () => {
    let rig: TraceStoreRig;
    beforeEach(() => {
      rig = make();
    });
    afterEach(() => rig.dispose());

    test("knows nothing at first", () => {
      expect(rig.store.find(key("1"))).toBeUndefined();
    });

    test("gives back what was recorded, whatever JSON it is", () => {
      const data = { size: 3, text: 'é "\u2028\n', none: null, list: [1.5, true, { a: [] }] };
      const trace: Trace = { output: { digest: "sha256:x", data }, durationMs: 12, blobs: [rig.addBlob("a")] };
      rig.store.record(key("1"), trace);
      expect(rig.store.find(key("1"))).toEqual(trace);
    });

    test("keeps keys apart", () => {
      rig.store.record(key("1"), traceOf("one"));
      expect(rig.store.find(key("2"))).toBeUndefined();
    });

    test("keeps the first claim of a key", () => {
      rig.store.record(key("1"), traceOf("one"));
      rig.store.record(key("1"), traceOf("two"));
      expect(rig.store.find(key("1"))?.output.digest).toBe("one");
    });

    test("replaces a claim when told to", () => {
      rig.store.record(key("1"), traceOf("one"));
      rig.store.record(key("1"), traceOf("two"), { replace: true });
      expect(rig.store.find(key("1"))?.output.digest).toBe("two");
    });

    test("treats a trace as unknown when one of its blobs is gone", () => {
      const [kept, lost] = [rig.addBlob("kept"), rig.addBlob("lost")];
      rig.store.record(key("1"), { ...traceOf("one"), blobs: [kept, lost] });
      rig.loseBlob(lost);
      expect(rig.store.find(key("1"))).toBeUndefined();
    });

    test("accepts a new claim after a blob was lost", () => {
      const lost = rig.addBlob("lost");
      rig.store.record(key("1"), { ...traceOf("one"), blobs: [lost] });
      rig.loseBlob(lost);
      rig.store.find(key("1"));
      rig.store.record(key("1"), traceOf("two"));
      expect(rig.store.find(key("1"))?.output.digest).toBe("two");
    });
  });
}

function key(digit: string): ResolvedKey {
  return digit.repeat(64) as ResolvedKey;
}

function traceOf(digest: string): Trace {
  return { output: { digest, data: null }, durationMs: 1, blobs: [] };
}
