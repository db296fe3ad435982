import { join } from "node:path";
import { testStore } from "@imgbuild/testkit";
import fc from "fast-check";
import { loadSqlite } from "./load-sqlite.ts";

const HOUR = 3_600_000;
const rig = testStore();
afterAll(() => rig.remove());
const row = (output: string) => ({ output, durationMs: 1.5, blobs: [`sha256:${"a".repeat(64)}`] });

test("a trace is found as it was recorded, also after the store was opened again", async () => {
  const store = await rig.open();
  store.traces.record("key", row('{"a":1}'));
  expect(store.traces.find("key")).toEqual(row('{"a":1}'));
  expect(store.traces.find("other")).toBeUndefined();
  store.close();
  expect((await rig.open()).traces.find("key")).toEqual(row('{"a":1}'));
});

test("the first trace of a key wins, unless it is replaced or forgotten", async () => {
  const { traces } = await rig.open();
  traces.record("wins", row("1"));
  traces.record("wins", row("2"));
  expect(traces.find("wins")?.output).toBe("1");
  traces.record("wins", row("3"), { replace: true });
  expect(traces.find("wins")?.output).toBe("3");
  traces.forget("wins");
  traces.forget("wins");
  expect(traces.find("wins")).toBeUndefined();
});

test("any text, number and list of blobs comes back", async () => {
  const { traces } = await rig.open();
  const text = fc.string({ unit: "grapheme" });
  const blobs = fc.array(fc.stringMatching(/^sha256:[0-9a-f]{64}$/), { maxLength: 3 });
  fc.assert(
    fc.property(text, text, fc.double({ noNaN: true, min: 0, max: 1e9 }), blobs, (key, output, durationMs, named) => {
      traces.record(key, { output, durationMs, blobs: named }, { replace: true });
      expect(traces.find(key)).toEqual({ output, durationMs, blobs: named });
    }),
  );
});

test.each(["output = 'changed'", "blobs = ''", "duration = 7", "key = 'moved'"])(
  "a trace whose row was damaged (%s) is unknown, and can be recorded again",
  async (damage) => {
    const { traces } = await rig.open();
    traces.record("damaged", row("good"), { replace: true });
    const index = (await loadSqlite())(join(rig.directory, "v1/index.db"));
    index.exec(`UPDATE traces SET ${damage} WHERE key = 'damaged'`);
    index.close();
    expect(traces.find("damaged")).toBeUndefined();
    expect(traces.find("moved")).toBeUndefined();
    traces.record("damaged", row("new"));
    expect(traces.find("damaged")?.output).toBe("new");
  },
);

test("when a trace was last used is written at close, at most hourly; a run that finds all recent writes nothing", async () => {
  const openDatabase = await loadSqlite();
  const used = () => {
    const index = openDatabase(join(rig.directory, "v1/index.db"));
    const found = index.prepare("SELECT used FROM traces WHERE key = 'used'").get()?.used;
    index.close();
    return found;
  };
  const at = async (time: number) => {
    const store = await rig.open({ now: () => time });
    store.traces.find("used");
    store.close();
    return used();
  };
  const start = Date.now();
  const store = await rig.open({ now: () => start });
  store.traces.record("used", row("x"));
  store.close();
  expect(await at(start + HOUR / 2)).toBe(start);
  expect(await at(start + 2 * HOUR)).toBe(start + 2 * HOUR);
  expect(await at(start + 2.5 * HOUR)).toBe(start + 2 * HOUR);
});
