import { utimesSync } from "node:fs";
import { join } from "node:path";
import { type Digest, digestOf, hexOf } from "@imgbuild/oci";
import { type ChildScript, childScript, testStore } from "@imgbuild/testkit";

const DAY = 86_400_000;
const start = Date.now();

/** Blobs of 100 bytes, each with a trace of its name, used so many days ago; "loose" has none. */
const setup = async (ages: Readonly<Record<string, number>>) => {
  const rig = testStore();
  const blobs: Record<string, Digest> = {};
  const put = async (name: string, age: number, traced: boolean) => {
    const time = start - age * DAY;
    const store = await rig.open({ now: () => time });
    const digest = store.blobs.put(Buffer.alloc(100, name));
    if (traced) store.traces.record(name, { output: "{}", durationMs: 1, blobs: [digest] });
    if (name !== "loose") {
      store.layerForms.record(name, "raw", { digest, size: 100 });
      store.segments.addAll("raw", new Map([[name, { blob: digest, offset: 0, length: 1, crc32: 0 }]]));
    }
    store.close();
    const hex = hexOf(digest);
    utimesSync(join(rig.directory, "v1/blobs/sha256", hex.slice(0, 2), hex), time / 1000, time / 1000);
    blobs[name] = digest;
  };
  for (const [name, age] of Object.entries(ages)) await put(name, age, true);
  await put("loose", 1, false);
  const store = await rig.open({ now: () => start });
  const kept = () =>
    Object.entries(blobs).flatMap(([name, digest]) => (store.blobs.size(digest) === undefined ? [] : [name]));
  return { rig, store, blobs, kept };
};

test("removes what no trace needs; a dry run only says so", async () => {
  const { rig, store, kept } = await setup({ a: 3, b: 2 });
  const report = { traces: 0, blobs: 1, forgotten: 0, freedBytes: 100, keptBytes: 200 };
  expect(store.gc({ now: start, dryRun: true })).toEqual(report);
  expect(kept()).toEqual(["a", "b", "loose"]);
  expect(store.gc({ now: start, dryRun: false })).toEqual(report);
  expect(kept()).toEqual(["a", "b"]);
  expect([store.segments.find("a", "raw"), store.layerForms.find("a", "raw")]).not.toContain(undefined);
  expect(store.verify({ repair: false }).corrupt).toEqual([]);
  rig.remove();
});

test("compressed forms stay while they are young and fit, and go with their segments", async () => {
  const { rig, store, kept } = await setup({ a: 4, b: 3, c: 2 });
  for (const name of ["a", "b", "c"]) store.traces.forget(name);
  store.gc({ now: start, dryRun: false });
  expect(kept()).toEqual(["a", "b", "c"]);
  store.gc({ now: start, maxBytes: 250, dryRun: false });
  expect(kept()).toEqual(["b", "c"]);
  store.gc({ now: start, maxAgeDays: 2.5, dryRun: false });
  expect(kept()).toEqual(["c"]);
  expect([store.segments.find("a", "raw"), store.layerForms.find("a", "raw")]).toEqual([undefined, undefined]);
  expect([store.segments.find("c", "raw"), store.layerForms.find("c", "raw")]).not.toContain(undefined);
  rig.remove();
});

test("facts, snapshots and Merkle nodes are bounded: the latest written stay, and the index gets smaller", async () => {
  const { rig, store } = await setup({});
  const big = Buffer.alloc(100_000, "x");
  const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
  for (const name of names) {
    store.facts.set("s", name, JSON.stringify("x".repeat(100_000)));
    store.trees.putAll(new Map([[name, big]]));
    store.snapshots.save(name, { set: new Map([["", big]]), remove: [] });
  }
  store.facts.set("s", "n0", '"again"');
  const options = { now: start, maxBytes: 5_000_000, dryRun: false };
  const report = store.gc({ ...options, dryRun: true });
  const before = store.stats().indexBytes;
  expect(store.facts.keys("s")).toHaveLength(20);
  expect(store.gc(options)).toEqual(report);
  expect(report.forgotten).toBeGreaterThan(40);
  expect(store.facts.keys("s")).toEqual(["n0", "n16", "n17", "n18", "n19"]);
  expect(["n14", "n15"].map((name) => store.trees.get(name)?.length)).toEqual([undefined, 100_000]);
  expect([...store.snapshots.load(["n14", "n15"]).values()].map(({ size }) => size)).toEqual([0, 1]);
  expect(store.stats().indexBytes).toBeLessThan(before / 2);
  expect(store.gc({ ...options, maxBytes: 0 }).forgotten).toBeGreaterThan(10);
  expect(store.facts.keys("s")).toEqual([]);
  rig.remove();
});

test("forgets traces by age, but not those that were used since", async () => {
  const { rig, store, kept } = await setup({ ancient: 30, reused: 30, recent: 2 });
  expect(store.traces.find("reused")).toBeDefined();
  expect(store.gc({ now: start, maxAgeDays: 10, dryRun: false })).toMatchObject({ traces: 1, blobs: 2 });
  expect(kept()).toEqual(["reused", "recent"]);
  expect(store.traces.find("ancient")).toBeUndefined();
  rig.remove();
});

test("forgets the longest unused first until the rest fits", async () => {
  const { rig, store, kept } = await setup({ a: 4, b: 3, c: 2, d: 1 });
  expect(store.gc({ now: start, maxBytes: 250, dryRun: false })).toMatchObject({ traces: 2, keptBytes: 200 });
  expect(kept()).toEqual(["c", "d"]);
  rig.remove();
});

test("keeps a blob that any kept trace needs", async () => {
  const { rig, store, blobs, kept } = await setup({ old: 30 });
  store.traces.record("other", { output: "{}", durationMs: 1, blobs: [String(blobs.old)] });
  store.gc({ now: start, maxAgeDays: 10, dryRun: false });
  expect(kept()).toEqual(["old"]);
  rig.remove();
});

test("spares what was put within the hour, again or for the first time, and what is being written", async () => {
  const { rig, store, kept } = await setup({});
  store.blobs.put(Buffer.alloc(100, "loose"));
  const fresh = store.blobs.put(Buffer.from("fresh"));
  const writer = store.blobs.writer();
  writer.write(Buffer.from("half"));
  expect(store.gc({ now: start, maxBytes: 0, dryRun: false })).toMatchObject({ blobs: 0 });
  expect(kept()).toEqual(["loose"]);
  expect(store.blobs.size(fresh)).toBe(5);
  expect(writer.commit().digest).toBe(digestOf("half"));
  rig.remove();
});

describe("while another process has the store open", () => {
  let opener: ChildScript;
  beforeAll(() => {
    opener = childScript(
      `import { openStore } from "@imgbuild/store";
       openStore({ directory: process.argv[2], now: Date.now, pid: process.pid }).then((store) => {
         console.log("open");
         setTimeout(() => store.close(), 60000);
       });`,
      join(__dirname, "../../.."),
    );
  });
  afterAll(() => opener.remove());

  test("nothing is removed; when it is gone, even killed, all goes on", async () => {
    const { rig, store, kept } = await setup({ a: 1 });
    const child = opener.start([rig.directory]);
    await child.printed("open");
    const collect = () => store.gc({ now: start, dryRun: false });
    expect(collect).toThrow(expect.objectContaining({ code: "unavailable", hint: expect.stringContaining("Wait") }));
    expect(kept()).toEqual(["a", "loose"]);
    child.kill();
    await child.ended();
    expect(collect()).toMatchObject({ blobs: 1 });
    const second = opener.start([rig.directory]);
    await second.printed("open");
    second.kill();
    rig.remove();
  });
});
