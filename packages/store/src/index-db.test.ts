import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testStore } from "@imgbuild/testkit";
import fc from "fast-check";
import { loadSqlite } from "./load-sqlite.ts";
import type { OpenDatabase } from "./sqlite-driver.ts";

const rig = testStore();
let openDatabase: OpenDatabase;
beforeAll(async () => {
  openDatabase = await loadSqlite();
});
afterAll(() => rig.remove());
const index = join(rig.directory, "v1/index.db");
const row = { output: "{}", durationMs: 1, blobs: [] };

/** A store whose index has some hundred rows, closed. */
async function filled(): Promise<void> {
  const store = await rig.open();
  for (let n = 0; n < 200; n++)
    store.traces.record(`key ${n}`, { ...row, output: `{"n":${n},"x":"${"y".repeat(200)}"}` });
  store.close();
}

/** Everything works in the store as it is on disk now. */
async function expectWorking(): Promise<void> {
  const store = await rig.open();
  store.transaction(() => {
    for (let n = 0; n < 200; n++) {
      const output = store.traces.find(`key ${n}`)?.output;
      if (output !== undefined) expect(output).toContain(`"n":${n},`);
      store.traces.record(`key ${n}`, { ...row, output: `{"n":${n},` });
    }
  });
  store.facts.set("space", "key", "value");
  expect(store.facts.get("space", "key")).toBe("value");
  const digest = store.blobs.put(Buffer.from("blob"));
  expect(store.blobs.read(digest).toString()).toBe("blob");
  await store.locks.withLock("key", { signal: new AbortController().signal, onWait: () => undefined }, async () => 1);
  expect(store.verify({ repair: true }).corrupt).toEqual([]);
  store.close();
}

describe("an index that was damaged while nobody used it", () => {
  const wreck: [string, () => void][] = [
    ["removed", () => rmSync(index)],
    ["emptied", () => truncateSync(index, 0)],
    ["cut in its header", () => truncateSync(index, 50)],
    ["cut in a page", () => truncateSync(index, 10_000)],
    [
      "overwritten with text",
      () => writeFileSync(index, "This is no database at all, but it is long enough.".repeat(300)),
    ],
    ["given a journal of garbage", () => writeFileSync(`${index}-wal`, "garbage".repeat(1000))],
    ["given a shared memory of garbage", () => writeFileSync(`${index}-shm`, "garbage".repeat(5000))],
    ["given an old journal of another database", () => cpSync(index, `${index}-journal`)],
    ["marked with a format that it does not have", () => exec("PRAGMA user_version = 3")],
    ["marked as new", () => exec("PRAGMA user_version = 0")],
    ["forbidden to be written by its header", () => poke(18, 3)],
    ["robbed of a table", () => exec("DROP TABLE traces")],
    ["robbed of a column", () => exec("ALTER TABLE facts DROP COLUMN sum")],
  ];

  test.each(wreck)("because it was %s is healed at once", async (_, harm) => {
    await filled();
    harm();
    await expectWorking();
    await expectWorking();
  });

  test("by any changed bytes is healed, and gives no wrong rows", async () => {
    await filled();
    const good = readFileSync(index);
    const flip = fc.tuple(fc.oneof(fc.nat(120), fc.nat(good.length - 1)), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 4 }), async (flips) => {
        const bad = Buffer.from(good);
        for (const [at, mask] of flips) bad[at] = (bad[at] ?? 0) ^ mask;
        for (const suffix of ["-wal", "-shm"]) rmSync(`${index}${suffix}`, { force: true });
        writeFileSync(index, bad);
        await expectWorking();
      }),
      { numRuns: 60 },
    );
  });

  test("is kept in the quarantine", async () => {
    rmSync(join(rig.directory, "v1/quarantine"), { recursive: true, force: true });
    await filled();
    writeFileSync(index, "no database ".repeat(500));
    writeFileSync(`${index}-wal`, "its journal");
    await expectWorking();
    const [kept] = readdirSync(join(rig.directory, "v1/quarantine"));
    expect(readFileSync(join(rig.directory, "v1/quarantine", kept ?? "", "index.db"), "utf8")).toContain("no database");
  });
});

describe("an index that is damaged while it is open", () => {
  test.each([
    ["emptied", () => truncateSync(index, 0)],
    ["overwritten", () => writeFileSync(index, Buffer.alloc(40_000, 7))],
    ["robbed of a table", () => exec("DROP TABLE facts")],
  ])("because it was %s is healed within the same run", async (_, harm) => {
    await filled();
    const store = await rig.open();
    harm();
    store.facts.set("space", "during", "1");
    expect(store.traces.find("key 1")?.output ?? '"n":1,').toContain('"n":1,');
    expect(store.facts.get("space", "during")).toBe("1");
    store.close();
    await expectWorking();
  });
});

test("what one opening has healed is not moved away by another that sees the damage later", async () => {
  rmSync(join(rig.directory, "v1/quarantine"), { recursive: true, force: true });
  await filled();
  const [quick, slow] = [await rig.open(), await rig.open()];
  writeFileSync(index, Buffer.alloc(40_000, 7));
  quick.facts.set("space", "healed", "1");
  slow.facts.set("space", "later", "2");
  expect([quick, slow].map((store) => store.facts.get("space", "healed"))).toEqual(["1", "1"]);
  expect([quick, slow].map((store) => store.facts.get("space", "later"))).toEqual(["2", "2"]);
  expect(readdirSync(join(rig.directory, "v1/quarantine"))).toHaveLength(1);
  quick.close();
  slow.close();
  await expectWorking();
});

describe("a store of another format", () => {
  test("is refused with what to remove, and left as it is", async () => {
    await filled();
    exec("PRAGMA user_version = 9; UPDATE meta SET value = '9' WHERE name = 'format'");
    const before = readFileSync(index);
    await expect(rig.open()).rejects.toMatchObject({
      code: "cache-unusable",
      message: expect.stringContaining("format 9"),
      hint: expect.stringContaining(`Remove the directory ${join(rig.directory, "v1")}`),
    });
    expect(readFileSync(index).equals(before)).toBe(true);
    rmSync(join(rig.directory, "v1"), { recursive: true });
    await expectWorking();
  });
});

describe("a transaction", () => {
  test("keeps all or nothing", async () => {
    const store = await rig.open();
    const fail = () =>
      store.transaction(() => {
        store.facts.set("tx", "a", "1");
        throw new Error("on purpose");
      });
    expect(fail).toThrow("on purpose");
    expect(store.facts.get("tx", "a")).toBeUndefined();
    expect(store.transaction(() => store.facts.set("tx", "a", "2"))).toBeUndefined();
    expect(store.facts.get("tx", "a")).toBe("2");
  });

  test("inside another is undone alone", async () => {
    const store = await rig.open();
    store.transaction(() => {
      store.facts.set("tx", "outer", "1");
      expect(() =>
        store.transaction(() => {
          store.facts.set("tx", "outer", "2");
          store.facts.set("tx", "inner", "2");
          throw new Error("inner");
        }),
      ).toThrow("inner");
      store.transaction(() => store.facts.set("tx", "second", "3"));
    });
    expect(["outer", "inner", "second"].map((key) => store.facts.get("tx", key))).toEqual(["1", undefined, "3"]);
  });

  test("refuses an asynchronous body, and keeps nothing of it", async () => {
    const store = await rig.open();
    const start = () =>
      store.transaction(async () => {
        store.facts.set("tx", "async", "1");
      });
    expect(start).toThrow(expect.objectContaining({ code: "internal" }));
    expect(store.facts.get("tx", "async")).toBeUndefined();
  });
});

test("a file system that cannot have a WAL gets an ordinary journal", async () => {
  const other = testStore();
  const store = await other.open({
    openDatabase: (path) => {
      const driver = openDatabase(path);
      const noWal = Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR_SHMOPEN" });
      return {
        ...driver,
        prepare: (sql) => {
          if (sql.includes("= WAL")) throw noWal;
          return driver.prepare(sql);
        },
      };
    },
  });
  store.facts.set("a", "b", "c");
  expect(store.facts.get("a", "b")).toBe("c");
  expect(existsSync(join(other.directory, "v1/index.db-wal"))).toBe(false);
  other.remove();
});

test("a closed store says so, and closing again does nothing", async () => {
  const store = await rig.open();
  store.close();
  store.close();
  expect(() => store.facts.get("a", "b")).toThrow(/it was closed/);
});

function exec(sql: string): void {
  const database = openDatabase(index);
  database.exec(sql);
  database.close();
}

function poke(position: number, value: number): void {
  const bytes = readFileSync(index);
  bytes[position] = value;
  writeFileSync(index, bytes);
}
