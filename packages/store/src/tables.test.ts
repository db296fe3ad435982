import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Digest, digestOf, hexOf } from "@imgbuild/oci";
import { testStore } from "@imgbuild/testkit";
import fc from "fast-check";
import type { Segment, Store } from "./index.ts";
import { IndexDb } from "./index-db.ts";
import { layoutOf } from "./layout.ts";
import { loadSqlite } from "./load-sqlite.ts";
import { IndexSegmentTable } from "./segment-table.ts";
import type { OpenDatabase } from "./sqlite-driver.ts";

const rig = testStore();
let store: Store;
let openDatabase: OpenDatabase;
beforeAll(async () => {
  store = await rig.open();
  openDatabase = await loadSqlite();
});
afterAll(() => rig.remove());
const blob = digestOf(Buffer.alloc(4096));

function damage(sql: string): void {
  const index = openDatabase(join(rig.directory, "v1/index.db"));
  index.exec(sql);
  index.close();
}

describe("stat snapshots", () => {
  test("follow what was set and removed, each root for itself", () => {
    const model = new Map<string, Map<string, Buffer>>();
    const dir = fc.constantFrom("", "a", "a/b", "A", "ä", "\u{1F600}", "a\nb");
    const change = fc.record({
      root: fc.constantFrom("one", "two", ""),
      set: fc.dictionary(dir, fc.uint8Array({ maxLength: 20 })),
      remove: fc.array(dir, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
        for (const { root, set, remove } of changes) {
          store.snapshots.save(root, { set: new Map(Object.entries(set)), remove });
          const expected = model.get(root) ?? new Map<string, Buffer>();
          for (const gone of remove) expected.delete(gone);
          for (const [name, bytes] of Object.entries(set)) expected.set(name, Buffer.from(bytes));
          model.set(root, expected);
          expect(store.snapshots.load([root]).get(root)).toEqual(expected);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("of an unknown root are none", () => {
    expect(store.snapshots.load(["never", "saved"])).toEqual(
      new Map([
        ["never", new Map()],
        ["saved", new Map()],
      ]),
    );
  });

  test("that were damaged are left out, so that the directory is read anew", () => {
    const set = new Map([
      ["good", Buffer.from("1")],
      ["bad", Buffer.from("2")],
    ]);
    store.snapshots.save("damaged", { set, remove: [] });
    damage("UPDATE snapshots SET data = x'33' WHERE dir = 'bad'");
    expect([...(store.snapshots.load(["damaged"]).get("damaged")?.keys() ?? [])]).toEqual(["good"]);
  });
});

describe("trees", () => {
  const digest = "d".repeat(64);

  test("are kept by digest, thousands at once", () => {
    const nodes = new Map(
      Array.from({ length: 3000 }, (_, n) => [digestOf(`${n}`).slice(7), Buffer.from(`node ${n}`)]),
    );
    store.trees.putAll(nodes);
    store.trees.putAll(nodes);
    for (const [key, bytes] of nodes) expect(store.trees.get(key)).toEqual(bytes);
    expect(store.trees.get(digest)).toBeUndefined();
  });

  test("that were damaged are unknown and can be put again", () => {
    store.trees.putAll(new Map([[digest, Buffer.from("node")]]));
    damage(`UPDATE trees SET data = x'00' WHERE digest = '${digest}'`);
    expect(store.trees.get(digest)).toBeUndefined();
    store.trees.putAll(new Map([[digest, Buffer.from("node")]]));
    expect(store.trees.get(digest)?.toString()).toBe("node");
  });
});

describe("segments", () => {
  const segment = (n: number): Segment => ({ blob, offset: 2 * n, length: n, crc32: 0xffff_ffff - n });
  beforeAll(() => {
    expect(store.blobs.put(Buffer.alloc(4096))).toBe(blob);
  });

  test.each([0, 1, 249, 250, 251, 1000])("are found in the order asked, %i at once", (count) => {
    const all = new Map(Array.from({ length: count }, (_, n) => [`block ${n}`, segment(n)]));
    store.segments.addAll("gzip", all);
    const asked = [...all.keys(), "unknown", ...[...all.keys()].reverse()];
    expect(store.segments.findAll(asked, "gzip")).toEqual(asked.map((block) => all.get(block)));
    expect(store.segments.findAll(asked, "zstd")).toEqual(asked.map(() => undefined));
  });

  test("of one block are kept for each codec, and the latest place counts", () => {
    store.segments.addAll("a", new Map([["b", segment(1)]]));
    store.segments.addAll("z", new Map([["b", segment(2)]]));
    store.segments.addAll("a", new Map([["b", segment(3)]]));
    expect(store.segments.find("b", "a")).toEqual(segment(3));
    expect(store.segments.find("b", "z")).toEqual(segment(2));
  });

  test("may be far into a blob", () => {
    const index = new IndexDb(layoutOf(rig.directory), openDatabase);
    const table = new IndexSegmentTable(index, { size: () => 2 ** 52 });
    const far = { ...segment(1), offset: 2 ** 51 + 1 };
    table.addAll("far", new Map([["block", far]]));
    expect(table.find("block", "far")).toEqual(far);
    index.close();
  });

  test("whose blob is gone, too short or damaged are unknown, and known again when they are elsewhere", async () => {
    const other = store.blobs.put(Buffer.from("compressed"));
    const there = { blob: other, offset: 2, length: 8, crc32: 1 };
    store.segments.addAll(
      "gone",
      new Map([
        ["block", there],
        ["beyond", { ...there, length: 9 }],
      ]),
    );
    expect(store.segments.findAll(["block", "beyond"], "gone")).toEqual([there, undefined]);
    const hex = hexOf(other);
    // A tick of the clock that file systems use.
    await setTimeout(20);
    writeFileSync(join(rig.directory, "v1/blobs/sha256", hex.slice(0, 2), hex), "COMPRESSED");
    const again = await rig.open();
    expect(again.segments.find("block", "gone")).toBeUndefined();
    expect(again.blobs.size(other)).toBeUndefined();
    again.segments.addAll("gone", new Map([["block", segment(1)]]));
    expect(again.segments.find("block", "gone")).toEqual(segment(1));
    again.close();
  });

  test("that were damaged are unknown", () => {
    store.segments.addAll("a", new Map([["damaged", segment(1)]]));
    damage("UPDATE segments SET offset = 3 WHERE block = 'damaged'");
    expect(store.segments.find("damaged", "a")).toBeUndefined();
  });
});

describe("layer forms", () => {
  test("are kept for each codec; the latest counts; a damaged one is unknown", () => {
    const form = (text: string, size: number) => ({ digest: digestOf(text), size });
    store.layerForms.record("layer", "gzip", form("one", 1));
    store.layerForms.record("layer", "zstd", form("two", 2));
    store.layerForms.record("layer", "gzip", form("three", 2 ** 40));
    expect(store.layerForms.find("layer", "gzip")).toEqual(form("three", 2 ** 40));
    expect(store.layerForms.find("layer", "zstd")).toEqual(form("two", 2));
    expect(store.layerForms.find("layer", "raw")).toBeUndefined();
    damage("UPDATE forms SET size = 3 WHERE codec = 'zstd'");
    expect(store.layerForms.find("layer", "zstd")).toBeUndefined();
  });
});

describe("facts", () => {
  test("are kept by space and key, last write wins, and may be removed", () => {
    store.facts.set("one", "key", "1");
    store.facts.set("two", "key", "2");
    store.facts.set("one", "key", "3");
    expect([store.facts.get("one", "key"), store.facts.get("two", "key")]).toEqual(["3", "2"]);
    store.facts.remove("one", "key");
    store.facts.remove("one", "key");
    expect([store.facts.get("one", "key"), store.facts.get("two", "key")]).toEqual([undefined, "2"]);
  });

  test("list their keys by code unit", () => {
    const keys = ["b", "\u{1F600}", "", "a", "Z", "\uFFFD", "ä"];
    for (const key of keys) store.facts.set("sorted", key, key);
    expect(store.facts.keys("sorted")).toEqual(["", "Z", "a", "b", "ä", "\u{1F600}", "\uFFFD"]);
    expect(store.facts.keys("nothing")).toEqual([]);
  });

  test("that were damaged are unknown", () => {
    store.facts.set("s", "damaged", "true");
    damage("UPDATE facts SET value = 'false' WHERE key = 'damaged'");
    expect(store.facts.get("s", "damaged")).toBeUndefined();
  });

  test("may be as large as a whole evaluation", () => {
    const text = JSON.stringify(Array.from({ length: 200_000 }, (_, n) => ({ n })));
    store.facts.set("s", "large", text);
    expect(store.facts.get("s", "large")).toBe(text);
  });
});

test("segments and forms of a digest that is no digest do no harm", () => {
  store.layerForms.record("x", "raw", { digest: "../x" as Digest, size: 1 });
  expect(store.blobs.size(store.layerForms.find("x", "raw")?.digest ?? blob)).toBeUndefined();
});
