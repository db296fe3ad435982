import { gunzipSync } from "node:zlib";
import type { Store } from "@imgbuild/store";
import { readTar } from "@imgbuild/tar";
import { bytesOf, tarOf, testStore, tinyImage } from "@imgbuild/testkit";
import { type DockerArchiveOptions, writeDockerArchive } from "./docker-archive.ts";

const rig = testStore();
let store: Store;
beforeAll(async () => {
  store = await rig.open();
});
afterAll(() => rig.remove());

const signal = new AbortController().signal;

function write(options: Partial<DockerArchiveOptions> & Pick<DockerArchiveOptions, "images">): Promise<Buffer> {
  return bytesOf(writeDockerArchive({ store, compressor: { algorithm: "none" }, signal, ...options }));
}

async function membersOf(archive: Buffer): Promise<Map<string, Buffer>> {
  const members = new Map<string, Buffer>();
  for await (const { header, content } of readTar(once(archive))) {
    expect(members.has(header.path)).toBe(false);
    members.set(header.path, await bytesOf(content));
  }
  return members;
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe("a docker-archive", () => {
  test("lists config, names and layers first, and holds each layer once", async () => {
    const base = await tinyImage(store, { layers: [{ a: "1" }, { b: "2" }] });
    const child = await tinyImage(store, { layers: [{ c: "3" }, { a: "1" }], base });
    const images = [
      { data: base, references: ["base:1"] },
      { data: child, references: ["host.example:5000/team/child:2", "child"] },
    ];
    const members = await membersOf(await write({ images }));
    expect([...members.keys()]).toEqual([
      "manifest.json",
      `${base.config.slice(7)}.json`,
      `${child.config.slice(7)}.json`,
      ...[0, 1, 2].map((i) => `${child.layers[i]?.diffId.slice(7)}/layer.tar`),
    ]);
    const manifest: unknown = JSON.parse(`${members.get("manifest.json")}`);
    expect(manifest).toMatchObject([
      { RepoTags: ["base:1"], Layers: [expect.anything(), expect.anything()] },
      { RepoTags: ["host.example:5000/team/child:2", "child:latest"], Layers: { length: 4 } },
    ]);
    expect(members.get(`${child.layers[0]?.diffId.slice(7)}/layer.tar`)).toEqual(tarOf({ a: "1" }));
  });

  test("says two names of one image in one entry", async () => {
    const data = await tinyImage(store, { layers: [{ a: "1" }] });
    const images = [
      { data, references: ["x:1"] },
      { data, references: ["y:1", "x:1"] },
    ];
    const manifest = (await membersOf(await write({ images }))).get("manifest.json");
    expect(JSON.parse(`${manifest}`)).toMatchObject([{ RepoTags: ["x:1", "y:1"] }]);
  });

  test.each(["gzip", "zstd"] as const)(
    "compressed by %s is the same archive, and twice the same bytes",
    async (algorithm) => {
      const big = Buffer.alloc(3_000_000, "0123456789abcdef\n");
      const data = await tinyImage(store, { layers: [{ big }, { small: "1" }] });
      const images = [{ data, references: ["x:1"] }];
      const plain = await write({ images });
      const first = await write({ images, compressor: { algorithm } });
      const second = await write({ images, compressor: { algorithm } });
      expect(first.equals(second)).toBe(true);
      expect(first.length).toBeLessThan(plain.length / 10);
      if (algorithm === "gzip") expect(gunzipSync(first).equals(plain)).toBe(true);
      else expect((await membersOf(await decompressed(first))).size).toBe(4);
    },
  );

  test("written again with one more layer compresses only what is new", async () => {
    const base = await tinyImage(store, { layers: [{ kept: Buffer.alloc(3_000_000, "kept once\n") }] });
    const child = await tinyImage(store, { layers: [{ fresh: "1" }], base });
    const compressor = { algorithm: "gzip" } as const;
    await write({ images: [{ data: base, references: ["x:1"] }], compressor });
    const before = store.stats().segments;
    await write({ images: [{ data: base, references: ["x:2"] }], compressor });
    expect(store.stats().segments).toBe(before);
    await write({ images: [{ data: child, references: ["x:2"] }], compressor });
    expect(store.stats().segments).toBe(before + 1);
  });

  test("leaves out the bodies of layers that the reader has, but lists them", async () => {
    const data = await tinyImage(store, { layers: [{ a: "1" }, { b: "2" }] });
    const skipped = data.layers.map(({ diffId }) => diffId).slice(0, 1);
    const members = await membersOf(await write({ images: [{ data, references: [] }], skipLayers: new Set(skipped) }));
    expect(JSON.parse(`${members.get("manifest.json")}`)).toMatchObject([{ RepoTags: [], Layers: { length: 2 } }]);
    expect([...members.keys()].filter((path) => path.endsWith("layer.tar"))).toEqual([
      `${data.layers[1]?.diffId.slice(7)}/layer.tar`,
    ]);
  });

  test("of an image without layers has its config alone", async () => {
    const data = await tinyImage(store, { layers: [] });
    expect((await membersOf(await write({ images: [{ data, references: ["e:1"] }] }))).size).toBe(2);
  });

  test("counts every byte, and stops when cancelled", async () => {
    const data = await tinyImage(store, { layers: [{ a: "1" }] });
    let counted = 0;
    const onBytes = (bytes: number): void => {
      counted += bytes;
    };
    expect((await write({ images: [{ data, references: ["x:1"] }], onBytes })).length).toBe(counted);
    const cancelled = write({ images: [{ data, references: ["x:1"] }], signal: AbortSignal.abort(new Error("stop")) });
    await expect(cancelled).rejects.toThrow("stop");
  });

  test("refuses a name with a digest", async () => {
    const data = await tinyImage(store, { layers: [] });
    const references = [`x@sha256:${"0".repeat(64)}`];
    await expect(write({ images: [{ data, references }] })).rejects.toMatchObject({ code: "usage" });
  });
});

async function decompressed(bytes: Buffer): Promise<Buffer> {
  const { decompressStream } = await import("@imgbuild/tar");
  return bytesOf(decompressStream(once(bytes)));
}
