import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { type Codec, codecFor, readTarSync } from "@imgbuild/tar";
import { bytesOf, testStore } from "@imgbuild/testkit";
import { entryBlocks } from "./entry-blocks.ts";
import type { LayerData } from "./layer-data.ts";
import type { LayerEntry } from "./layer-entry.ts";
import { knownForm, layerStream, layerTar } from "./layer-form.ts";
import { packLayer } from "./pack-layer.ts";
import { WorkThreads } from "./thread/work-threads.ts";

const rig = testStore();
const threads = new WorkThreads();
let store: Store;
let dir: string;
beforeAll(async () => {
  store = await rig.open();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "imgbuild-pack-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
afterAll(() => threads.close());
afterAll(() => rig.remove());

function onDisk(name: string, bytes: Buffer): LayerEntry {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return {
    header: {
      path: name,
      type: "file",
      mode: 0o644,
      uid: 0,
      gid: 0,
      uname: "",
      gname: "",
      size: bytes.length,
      mtime: 1,
      linkname: "",
      devMajor: 0,
      devMinor: 0,
    },
    content: { kind: "disk", path, size: bytes.length, sha256 },
  };
}

function pack(entries: readonly LayerEntry[], codec?: Codec) {
  return packLayer(entries, {
    store,
    codec,
    signal: new AbortController().signal,
    progress: () => undefined,
    threads,
  });
}

function withSource(layer: LayerData, entries: readonly LayerEntry[]): LayerData {
  return layer.kind === "blocks"
    ? {
        ...layer,
        source: entryBlocks(() => entries),
      }
    : layer;
}

/** Bytes that do not compress to nothing, the same every time. */
function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = (state >>> 16) & 0x3f;
  }
  return bytes;
}

describe("packLayer()", () => {
  test("gives the diffID of the tar, on one thread and on two", async () => {
    for (const size of [1000, 20 << 20]) {
      const entries = [onDisk("a.txt", Buffer.from("hi\n")), onDisk("large", noise(size))];
      const { layer } = await pack(entries);
      const tar = await bytesOf(layerTar(store, withSource(layer, entries)));
      expect(layer.diffId).toBe(`sha256:${createHash("sha256").update(tar).digest("hex")}`);
      expect(layer.size).toBe(tar.length);
      expect([...readTarSync(tar)].map(({ header }) => [header.path, header.size])).toEqual([
        ["a.txt", 3],
        ["large", size],
      ]);
    }
  });

  test("keeps no bytes when nothing is to be delivered", async () => {
    const before = store.stats().blobBytes;
    await pack([onDisk("a", noise(300_000, 9))]);
    expect(store.stats().blobBytes - before).toBeLessThan(1_000);
  });

  test("compresses to the form that is wanted, and only what it has not yet", async () => {
    const codec = codecFor({ algorithm: "gzip" });
    const files = Array.from({ length: 400 }, (_, i) => onDisk(`f${String(i).padStart(3, "0")}`, noise(9_000, i + 1)));
    const first = await pack(files, codec);
    expect(first.newBlocks).toBe(first.blocks);
    expect((await pack(files, codec)).newBlocks).toBe(0);
    const edited = files.map((entry, i) => (i === 200 ? onDisk("f200", noise(9_000, 9999)) : entry));
    const second = await pack(edited, codec);
    expect(second.newBlocks).toBe(1);
    const gz = await bytesOf(layerStream(store, second.layer, codec));
    expect(`sha256:${createHash("sha256").update(gunzipSync(gz)).digest("hex")}`).toBe(second.layer.diffId);
  });

  test.each(["none", "gzip", "zstd"] as const)(
    "a layer whose bytes are nowhere in the store is made again as %s",
    async (algorithm) => {
      const entries = [onDisk("a", noise(70_000, 3)), onDisk("big", noise(2_500_000, 4)), onDisk("z", noise(10, 5))];
      const { layer } = await pack(entries);
      const codec = codecFor({ algorithm });
      const once = await bytesOf(layerStream(store, withSource(layer, entries), codec));
      expect(once.equals(await bytesOf(layerStream(store, withSource(layer, entries), codec)))).toBe(true);
      const { layer: direct } = await pack(entries, codec);
      expect(once.equals(await bytesOf(layerStream(store, withSource(direct, entries), codec)))).toBe(true);
    },
  );

  test.each(["gzip", "zstd"] as const)(
    "a layer that is all new is in the store as one blob of %s",
    async (algorithm) => {
      const codec = codecFor({ algorithm });
      const entries = [onDisk("a", noise(70_000, 31)), onDisk("big", noise(2_500_000, 32)), onDisk("z", noise(10, 33))];
      const { layer } = await pack(entries, codec);
      const form = knownForm(store, layer, codec);
      const stream = await bytesOf(layerStream(store, withSource(layer, entries), codec));
      const digest = `sha256:${createHash("sha256").update(stream).digest("hex")}`;
      expect(form).toMatchObject({ digest, size: stream.length });
      expect(store.blobs.read(digest as Digest).equals(stream)).toBe(true);
      const edited = [...entries.slice(0, 2), onDisk("z", noise(10, 34))];
      expect(knownForm(store, (await pack(edited, codec)).layer, codec)).toBeUndefined();
    },
  );

  test.each([
    ["has other bytes", 1_000],
    ["is large and has other bytes", 3 << 20],
  ])("refuses a file that %s by now, and keeps nothing of it", async (_, size) => {
    const entry = onDisk("torn", noise(size, 1));
    writeFileSync(join(dir, "torn"), noise(size, 2));
    const before = store.stats();
    const codec = codecFor({ algorithm: "zstd" });
    await expect(pack([onDisk("good", noise(5000)), entry], codec)).rejects.toMatchObject({ code: "input-changed" });
    expect(store.stats()).toMatchObject({ blobs: before.blobs, segments: before.segments });
  });

  test.each([
    ["shorter", 10],
    ["longer", 5_000],
    ["gone", undefined],
  ])("refuses a file that is %s by now", async (_, size) => {
    const entry = onDisk("f", noise(1_000));
    if (size === undefined) rmSync(join(dir, "f"));
    else writeFileSync(join(dir, "f"), noise(size));
    await expect(pack([entry])).rejects.toMatchObject({ code: "input-changed" });
  });

  describe("a layer that two threads read", () => {
    const template = noise(40_000, 3);
    /** 500 files that differ in their first bytes; enough for a second thread. */
    const many = () =>
      Array.from({ length: 500 }, (_, i) => {
        template.writeUInt32LE(i, 0);
        return onDisk(`f${String(i).padStart(3, "0")}`, template);
      });

    test.each([undefined, codecFor({ algorithm: "gzip", level: 1 })])(
      "has the diffID of its tar (%#)",
      async (codec) => {
        const entries = many();
        const { layer } = await pack(entries, codec);
        const tar = await bytesOf(layerTar(store, withSource(layer, entries)));
        expect(layer.diffId).toBe(`sha256:${createHash("sha256").update(tar).digest("hex")}`);
      },
    );

    test("is refused when a file of it has other bytes, is shorter, longer or gone by now", async () => {
      const entries = many();
      const right = readFileSync(join(dir, "f300"));
      const before = store.stats();
      for (const wrong of [noise(40_000, 7), right.subarray(1), Buffer.concat([right, right]), undefined]) {
        rmSync(join(dir, "f300"));
        if (wrong !== undefined) writeFileSync(join(dir, "f300"), wrong);
        await expect(pack(entries, codecFor({ algorithm: "zstd" }))).rejects.toMatchObject({
          code: "input-changed",
          message: expect.stringContaining("f300"),
        });
        expect(store.stats()).toMatchObject({ blobs: before.blobs, segments: before.segments });
        writeFileSync(join(dir, "f300"), right);
      }
    });
  });

  test("stops when it is cancelled, and keeps nothing", async () => {
    const controller = new AbortController();
    controller.abort(new Error("stop"));
    const before = store.stats();
    const options = {
      store,
      codec: undefined,
      signal: controller.signal,
      progress: () => undefined,
      threads,
    };
    await expect(packLayer([onDisk("a", noise(10))], options)).rejects.toThrow("stop");
    expect(store.stats().blobs).toBe(before.blobs);
  });

  test("a delivery that finds a file changed says so, instead of sending other bytes", async () => {
    const entries = [onDisk("a", noise(3000, 1))];
    const { layer } = await pack(entries);
    writeFileSync(join(dir, "a"), noise(3000, 2));
    await expect(bytesOf(layerTar(store, withSource(layer, entries)))).rejects.toMatchObject({ code: "input-changed" });
  });

  test("a layer that neither store nor sources have is an error that says what to do", async () => {
    const { layer } = await pack([onDisk("a", noise(3000, 77))]);
    await expect(bytesOf(layerTar(store, layer))).rejects.toMatchObject({
      code: "not-found",
      hint: expect.stringContaining("Build"),
    });
  });
});
