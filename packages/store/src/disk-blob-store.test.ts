import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Digest, digestOf, hexOf } from "@imgbuild/oci";
import { describeBlobStore, testStore } from "@imgbuild/testkit";
import { loadSqlite } from "./load-sqlite.ts";
import { openStore } from "./open-store.ts";

const pathOf = (directory: string, digest: Digest) => {
  const hex = hexOf(digest);
  return join(directory, "v1/blobs/sha256", hex.slice(0, 2), hex);
};

describeBlobStore("the blob store on disk", async () => {
  const rig = testStore();
  const store = await rig.open();
  return {
    store: store.blobs,
    damage: (digest, change) => {
      const path = pathOf(rig.directory, digest);
      writeFileSync(path, change(readFileSync(path)));
    },
    close: () => rig.remove(),
  };
});

describe("blobs on disk", () => {
  const rig = testStore();
  afterAll(() => rig.remove());
  const temporaries = () =>
    readdirSync(join(rig.directory, "v1/blobs/sha256")).filter((name) => name.startsWith("tmp-"));

  test("are files named for their digest, and nothing temporary stays", async () => {
    const store = await rig.open();
    const digest = store.blobs.put(Buffer.from("named"));
    expect(readFileSync(pathOf(rig.directory, digest), "utf8")).toBe("named");
    const writer = store.blobs.writer();
    expect(temporaries()).toHaveLength(1);
    writer.abort();
    expect(temporaries()).toEqual([]);
  });

  test("that were changed but kept their size are found by slice once the index does not vouch for them", async () => {
    const store = await rig.open();
    const digest = store.blobs.put(Buffer.from("vouched"));
    store.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(join(rig.directory, `v1/index.db${suffix}`), { force: true });
    writeFileSync(pathOf(rig.directory, digest), "VOUCHED");
    const again = await rig.open();
    expect(() => again.blobs.slice(digest, 0, 2)).toThrow(/digest/);
    expect(again.blobs.size(digest)).toBeUndefined();
  });

  test.each(["size", "slice"] as const)("that were changed in place are found by %s", async (method) => {
    const store = await rig.open();
    const digest = store.blobs.put(Buffer.from(`in place ${method}`));
    const path = pathOf(rig.directory, digest);
    // A tick of the clock that file systems use.
    await setTimeout(20);
    writeFileSync(path, readFileSync(path, "utf8").toUpperCase());
    for (const each of [store, await rig.open()]) {
      if (method === "size") expect(each.blobs.size(digest)).toBeUndefined();
      else expect(() => each.blobs.slice(digest, 0, 2)).toThrow(/digest|not in the cache/);
    }
  });

  test("that were copied or moved are hashed once, and trusted again", async () => {
    const store = await rig.open();
    const digest = store.blobs.put(Buffer.from("moved"));
    const path = pathOf(rig.directory, digest);
    await setTimeout(20);
    copyFileSync(path, `${path}.copy`);
    renameSync(`${path}.copy`, path);
    expect(store.blobs.size(digest)).toBe(5);
    const { ctimeMs } = statSync(path);
    const index = (await loadSqlite())(join(rig.directory, "v1/index.db"));
    const row = index.prepare("SELECT added FROM blobs WHERE digest = ?").get(digest) as { added: number };
    index.close();
    expect(row.added).toBeGreaterThanOrEqual(ctimeMs);
  });

  test("that are whole are used again after the index was lost", async () => {
    const store = await rig.open();
    const digest = store.blobs.put(Buffer.from("survivor"));
    store.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(join(rig.directory, `v1/index.db${suffix}`), { force: true });
    expect((await rig.open()).blobs.size(digest)).toBe(8);
  });

  test("are doubted after the system went down while they were written, and only they", async () => {
    // Ahead of the times of files: what tears a blob here changes its file, which a power cut does not.
    const ahead = Date.now() + 3_600_000;
    const own = testStore();
    const store = await own.open({ now: () => ahead });
    const old = store.blobs.put(Buffer.from("before"));
    store.close();
    const crashed = await own.open({ now: () => ahead + 1_000 });
    const torn = crashed.blobs.put(Buffer.from("after."));
    // What a power cut leaves: the session is still marked, under a boot that is no more.
    const index = (await loadSqlite())(join(own.directory, "v1/index.db"));
    index.prepare("UPDATE sessions SET boot = 'another'").run();
    index.close();
    for (const digest of [old, torn]) writeFileSync(pathOf(own.directory, digest), "zeroes");
    const again = await own.open({ now: () => ahead + 2_000 });
    expect(again.blobs.slice(old, 0, 6).toString()).toBe("zeroes");
    expect(again.blobs.size(torn)).toBeUndefined();
    again.close();
    crashed.close();
    own.remove();
  });

  test("in whose place there is a directory are missing, and can be put", async () => {
    const store = await rig.open();
    const digest = digestOf("directory");
    mkdirSync(join(pathOf(rig.directory, digest), "inner"), { recursive: true });
    expect(store.blobs.size(digest)).toBeUndefined();
    mkdirSync(pathOf(rig.directory, digest), { recursive: true });
    expect(store.blobs.put(Buffer.from("directory"))).toBe(digest);
    expect(store.blobs.read(digest).toString()).toBe("directory");
  });

  test("can be put after somebody removed the whole directory of blobs", async () => {
    const store = await rig.open();
    rmSync(join(rig.directory, "v1/blobs"), { recursive: true });
    const digest = store.blobs.put(Buffer.from("after removal"));
    expect(store.blobs.size(digest)).toBe(13);
  });

  test("are moved to the quarantine when they are damaged, not deleted", async () => {
    const store = await rig.open();
    const digest = store.blobs.put(Buffer.from("evidence"));
    writeFileSync(pathOf(rig.directory, digest), "evil");
    expect(store.blobs.size(digest)).toBeUndefined();
    const quarantine = join(rig.directory, "v1/quarantine");
    const kept = readdirSync(quarantine).map((name) => join(quarantine, name));
    expect(kept.some((path) => !path.includes("index-") && readdirOrText(path) === "evil")).toBe(true);
  });

  test("left half written by a dead process are swept after an hour, others are not", async () => {
    const place = join(rig.directory, "v1/blobs/sha256");
    const hour = 3_600_000;
    const names = {
      old: `tmp-1234567-${"0".repeat(16)}`,
      young: `tmp-1234567-${"1".repeat(16)}`,
      alive: `tmp-1-${"2".repeat(16)}`,
    };
    const now = Date.now() + 24 * hour;
    for (const [what, name] of Object.entries(names)) {
      writeFileSync(join(place, name), "half");
      const time = (now - (what === "young" ? 0.5 : 2) * hour) / 1000;
      utimesSync(join(place, name), time, time);
    }
    await rig.open({ now: () => now, processAlive: (pid) => pid === 1 });
    expect(temporaries().sort()).toEqual([names.young, names.alive].sort());
  });
});

function readdirOrText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const mount = mkdtempSync(join(tmpdir(), "imgbuild-small-"));
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]).status === 0;
const describeFull = mounted ? describe : describe.skip;

describeFull(`a full disk${mounted ? "" : " [skipped: needs the right to mount]"}`, () => {
  afterAll(() => {
    spawnSync("umount", ["-l", mount]);
  });
  afterAll(() => rmSync(mount, { recursive: true, force: true }));
  const open = () => openStore({ directory: join(mount, "cache"), now: Date.now, pid: process.pid });
  const filler = join(mount, "filler");
  const full = expect.objectContaining({ code: "disk-full", hint: expect.stringContaining("Free some space") });

  test("is told as such, leaves nothing behind, and the store works on", async () => {
    const store = await open();
    expect(() => store.blobs.put(Buffer.alloc(2 << 20, 1))).toThrow(full);
    const writer = store.blobs.writer();
    expect(() => {
      for (let i = 0; i < 40; i++) writer.write(Buffer.alloc(1 << 16, i));
    }).toThrow(full);
    expect(readdirSync(join(mount, "cache/v1/blobs/sha256"))).toEqual([]);
    expect(store.blobs.size(store.blobs.put(Buffer.from("small")))).toBe(5);
    store.close();
  });

  test("stops the index with the same error, and nothing is lost that was there", async () => {
    const store = await open();
    store.traces.record("kept", { output: "{}", durationMs: 1, blobs: [] });
    fill(filler);
    expect(() => store.facts.set("space", "key", "x".repeat(1 << 20))).toThrow(full);
    expect(store.traces.find("kept")?.output).toBe("{}");
    rmSync(filler);
    store.facts.set("space", "key", "small");
    expect(store.facts.get("space", "key")).toBe("small");
    store.close();
  });

  test("lets no new cache be made, with the same error", async () => {
    fill(filler);
    const opening = openStore({ directory: join(mount, "other"), now: Date.now, pid: process.pid });
    await expect(opening).rejects.toEqual(full);
    rmSync(filler);
  });
});

if (!mounted) rmSync(mount, { recursive: true, force: true });

function fill(path: string): void {
  for (const size of [1 << 16, 1 << 12, 1]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: "a" });
    } catch {
      // Full for pieces of this size.
    }
  }
}
