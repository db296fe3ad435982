import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNodeSqlite, loadSqlite } from "./load-sqlite.ts";
import { isBusy, isCorruption, sqliteCode } from "./sqlite-code.ts";
import type { OpenDatabase } from "./sqlite-driver.ts";

const builtin = loadNodeSqlite();
const drivers: [string, () => Promise<OpenDatabase>][] = [["better-sqlite3", loadSqlite]];
if (builtin !== undefined) drivers.push(["node:sqlite", async () => builtin]);
else test.skip("node:sqlite [skipped: this Node has none]", () => undefined);

describe.each(drivers)("SQLite by %s", (_, load) => {
  const directory = mkdtempSync(join(tmpdir(), "imgbuild-sqlite-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("keeps text, numbers, bytes and nothing as they were given", async () => {
    const database = (await load())(join(directory, "values.db"));
    database.exec("CREATE TABLE t (a TEXT, b INTEGER, c REAL, d BLOB, e TEXT)");
    database
      .prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?)")
      .run("ä\0\u{1F600}", 2 ** 52, 0.5, new Uint8Array([0, 255]), null);
    const row = database.prepare("SELECT * FROM t").get();
    expect({ ...row, d: [...((row?.d ?? []) as Uint8Array)] }).toEqual({
      a: "ä\0\u{1F600}",
      b: 2 ** 52,
      c: 0.5,
      d: [0, 255],
      e: null,
    });
    expect(database.prepare("SELECT a FROM t WHERE b = ?").get(3)).toBeUndefined();
    expect(database.prepare("SELECT b FROM t").all()).toHaveLength(1);
    database.close();
  });

  test("gives errors whose code can be read", async () => {
    const open = await load();
    const [one, two] = [open(join(directory, "busy.db")), open(join(directory, "busy.db"))];
    two.exec("PRAGMA busy_timeout = 0");
    one.exec("BEGIN IMMEDIATE");
    expect(isBusy(thrown(() => two.exec("BEGIN IMMEDIATE")))).toBe(true);
    expect(sqliteCode(thrown(() => one.prepare("SELECT * FROM nowhere")))).toBe("SQLITE_ERROR");
    expect(isCorruption(thrown(() => one.prepare("SELECT * FROM nowhere")))).toBe(false);
    one.close();
    two.close();
  });
});

function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
