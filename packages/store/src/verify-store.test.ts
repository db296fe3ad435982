import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Digest, hexOf } from "@imgbuild/oci";
import { testStore } from "@imgbuild/testkit";
import { loadSqlite } from "./load-sqlite.ts";

const setup = async () => {
  const rig = testStore();
  const store = await rig.open();
  const good = store.blobs.put(Buffer.from("good"));
  const bad = store.blobs.put(Buffer.from("flip"));
  const short = store.blobs.put(Buffer.from("shorten"));
  for (const [key, blob] of Object.entries({ good, bad, short })) {
    store.traces.record(key, { output: "{}", durationMs: 1, blobs: [blob] });
  }
  store.segments.addAll("raw", new Map([["block", { blob: bad, offset: 0, length: 4, crc32: 0 }]]));
  const pathOf = (digest: Digest) => join(rig.directory, "v1/blobs/sha256", hexOf(digest).slice(0, 2), hexOf(digest));
  return { rig, store, good, bad, short, pathOf };
};

test("a whole store has nothing to report but how much was read", async () => {
  const { rig, store } = await setup();
  expect(store.verify({ repair: false })).toEqual({ checked: 3, bytes: 15, corrupt: [], indexRebuilt: false });
  expect(store.verify({ repair: true })).toEqual({ checked: 3, bytes: 15, corrupt: [], indexRebuilt: false });
  rig.remove();
});

test("what is wrong is named, and only with repair set aside and forgotten", async () => {
  const { rig, store, good, bad, short, pathOf } = await setup();
  writeFileSync(pathOf(bad), "flop");
  writeFileSync(pathOf(short), "sh");
  const stray = join(rig.directory, "v1/blobs/sha256/notes.txt");
  writeFileSync(stray, "stray");
  const expected = [
    { name: bad, problem: expect.stringContaining("digest") },
    { name: short, problem: "it has 2 bytes, wanted 7" },
    { name: stray, problem: "it is not a blob" },
  ];
  const byName = (list: readonly { readonly name: string }[]) => [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
  expect(byName(store.verify({ repair: false }).corrupt)).toEqual(byName(expected));
  expect(readFileSync(pathOf(bad), "utf8")).toBe("flop");
  expect(store.traces.find("bad")).toBeDefined();

  expect(byName(store.verify({ repair: true }).corrupt)).toEqual(byName(expected));
  expect([good, bad, short].map((digest) => store.blobs.size(digest))).toEqual([4, undefined, undefined]);
  expect(["good", "bad", "short"].map((key) => store.traces.find(key) !== undefined)).toEqual([true, false, false]);
  expect(store.segments.find("block", "raw")).toBeUndefined();
  expect(store.verify({ repair: false }).corrupt).toEqual([]);
  rig.remove();
});

test("traces whose row was damaged are named", async () => {
  const { rig, store } = await setup();
  const index = (await loadSqlite())(join(rig.directory, "v1/index.db"));
  index.exec(`UPDATE traces SET output = '{"x":1}' WHERE key = 'good'`);
  index.close();
  const corrupt = [{ name: "trace good", problem: "its checksum is wrong" }];
  expect(store.verify({ repair: true }).corrupt).toEqual(corrupt);
  expect(store.verify({ repair: true }).corrupt).toEqual([]);
  rig.remove();
});

test("an index that had to be rebuilt is reported", async () => {
  const { rig, store } = await setup();
  store.close();
  writeFileSync(join(rig.directory, "v1/index.db"), "no database ".repeat(100));
  const again = await rig.open();
  expect(again.verify({ repair: false })).toEqual({ checked: 3, bytes: 15, corrupt: [], indexRebuilt: true });
  rig.remove();
});
