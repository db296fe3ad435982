import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type DiffId, digestOf } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { bytesOf, type TestMember, tarOf, testStore, tinyImage } from "@imgbuild/testkit";
import type { ImagePick } from "./choose-image.ts";
import { writeDockerArchive } from "./docker-archive.ts";
import { importImage } from "./import-image.ts";
import { validateImage } from "./validate-image.ts";

const rig = testStore();
const signal = new AbortController().signal;
let store: Store;
let dir: string;
beforeAll(async () => {
  store = await rig.open();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "imgbuild-import-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
afterAll(() => rig.remove());

const ANY: ImagePick = { name: null, tag: null };

async function read(bytes: Uint8Array, pick: Partial<ImagePick> = {}) {
  const path = join(dir, "image.tar");
  writeFileSync(path, bytes);
  const image = await importImage({ path, pick: { ...ANY, ...pick }, store, signal });
  await validateImage(store, image);
  return image;
}

const layerA = tarOf({ a: "1" });
const layerB = tarOf({ b: "2" });

/** A config with these layers; `salt` makes it another image. */
function config(layers: readonly Uint8Array[], salt = ""): string {
  const diffIds = layers.map((layer) => digestOf(layer) as DiffId);
  const rootfs = { type: "layers", diff_ids: diffIds };
  return JSON.stringify({ architecture: "amd64", os: "linux", config: { Env: null, User: salt }, rootfs });
}

const manifest = (...entries: object[]): string => JSON.stringify(entries);
const entry = { Config: "c.json", RepoTags: ["app:1"], Layers: ["one/layer.tar", "two/layer.tar"] };

function archive(members: Record<string, TestMember> = {}): Buffer {
  return tarOf({
    "one/layer.tar": layerA,
    "two/layer.tar": layerB,
    "c.json": config([layerA, layerB]),
    "manifest.json": manifest(entry),
    ...members,
  });
}

describe("importing a docker-archive", () => {
  test("gives the image with its own config bytes and all layers", async () => {
    const image = await read(archive());
    expect(image.config).toBe(digestOf(config([layerA, layerB])));
    expect(image.layers.map(({ diffId }) => diffId)).toEqual([digestOf(layerA), digestOf(layerB)]);
  });

  test("that is compressed gives the same", async () => {
    expect(await read(gzipSync(archive()))).toEqual(await read(archive()));
  });

  test("of our own gives the image that was written", async () => {
    const data = await tinyImage(store, { layers: [{ x: "1" }, { y: "2" }, { x: "1" }] });
    for (const algorithm of ["none", "gzip", "zstd"] as const) {
      const images = [{ data, references: ["own:1"] }];
      const bytes = await bytesOf(writeDockerArchive({ images, store, signal, compressor: { algorithm } }));
      expect(await read(bytes)).toEqual(data);
    }
  });

  test.each([
    ["a symbolic link", { type: "symlink", linkname: "../one/layer.tar" }],
    ["a hard link", { type: "hardlink", linkname: "one/layer.tar" }],
  ] as const)("follows %s to a layer that is used twice", async (_kind, header) => {
    const image = await read(archive({ "two/layer.tar": header, "c.json": config([layerA, layerA]) }));
    expect(image.layers.map(({ diffId }) => diffId)).toEqual([digestOf(layerA), digestOf(layerA)]);
  });

  test("takes a layer that is listed twice", async () => {
    const repeated = { ...entry, Layers: ["one/layer.tar", "two/layer.tar", "one/layer.tar"] };
    const image = await read(
      archive({ "manifest.json": manifest(repeated), "c.json": config([layerA, layerB, layerA]) }),
    );
    expect(image.layers[2]).toEqual(image.layers[0]);
  });

  test("keeps a compressed layer byte for byte", async () => {
    const compressed = gzipSync(layerA);
    const image = await read(archive({ "one/layer.tar": compressed }));
    expect(image.layers[0]).toEqual({
      kind: "blob",
      diffId: digestOf(layerA),
      size: layerA.length,
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: digestOf(compressed),
      blobSize: compressed.length,
    });
  });

  test("of two members with one path takes the later, as tar does", async () => {
    const members = [
      ["manifest.json", "[]"],
      ["one/layer.tar", layerB],
      ...Object.entries({ "one/layer.tar": layerA, "two/layer.tar": layerB }),
      ["c.json", config([layerA, layerB])],
      ["./manifest.json", manifest(entry)],
    ] as [string, TestMember][];
    expect((await read(tarOf(members))).layers).toHaveLength(2);
  });

  test("without layers gives an image without layers", async () => {
    const empty = { Config: "c.json", RepoTags: null, Layers: null };
    expect((await read(archive({ "manifest.json": manifest(empty), "c.json": config([]) }))).layers).toEqual([]);
  });
});

describe("choosing an image of several", () => {
  const other = { Config: "d.json", RepoTags: ["app:10", "host:5000/team/other:1"], Layers: ["one/layer.tar"] };
  const both = () =>
    archive({
      "d.json": config([layerA], "other"),
      "manifest.json": manifest(entry, other, { ...entry, RepoTags: ["x:2"] }),
    });
  const first = digestOf(config([layerA, layerB]));
  const second = digestOf(config([layerA], "other"));

  test.each([
    [{ name: "app", tag: "1" }, first],
    [{ name: "docker.io/library/app", tag: "1" }, first],
    [{ tag: "10" }, second],
    [{ name: "host:5000/team/other" }, second],
    [{ name: "x" }, first],
  ])("%j means one", async (pick, wanted) => {
    expect((await read(both(), pick)).config).toBe(wanted);
  });

  test.each([{}, { name: "app" }, { tag: "1" }])("%j is left open, and the error lists them", async (pick) => {
    await expect(read(both(), pick)).rejects.toMatchObject({
      code: "invalid-archive",
      message: expect.stringContaining('"app:10" = "host:5000/team/other:1"'),
      hint: expect.stringContaining("fromImageName"),
    });
  });

  test.each([{ name: "ap" }, { name: "app", tag: "2" }, { tag: "0" }])("%j is not found", async (pick) => {
    await expect(read(both(), pick)).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining('"app:1"'),
    });
  });
});

describe("an archive that is wrong", () => {
  const named = `${"0".repeat(64)}.json`;
  const cases: [string, Record<string, TestMember>, string, RegExp][] = [
    ["a layer with other bytes", { "one/layer.tar": layerB }, "integrity", /one\/layer\.tar.*diffID/],
    ["layers in another order", { "c.json": config([layerB, layerA]) }, "integrity", /diffID/],
    ["a compressed layer of other content", { "one/layer.tar": gzipSync(layerB) }, "integrity", /diffID/],
    ["a cut compressed layer", { "one/layer.tar": gzipSync(layerA).subarray(0, 40) }, "invalid-archive", /gzip/],
    ["too few layers", { "c.json": config([layerA]) }, "invalid-archive", /2 layers, .*1 diffIDs/],
    ["a missing config", { "manifest.json": manifest({ ...entry, Config: "no.json" }) }, "invalid-archive", /no\.json/],
    [
      "a config of another digest",
      { [named]: "{}", "manifest.json": manifest({ ...entry, Config: named }) },
      "integrity",
      /0000/,
    ],
    [
      "a missing layer",
      { "manifest.json": manifest({ ...entry, Layers: ["one/layer.tar", "x"] }) },
      "invalid-archive",
      /no "x"/,
    ],
    ["a layer that is a directory", { "one/layer.tar": { type: "directory" } }, "invalid-archive", /directory/],
    [
      "a link out of it",
      { "one/layer.tar": { type: "symlink", linkname: "../../etc/x" } },
      "invalid-archive",
      /outside/,
    ],
    [
      "an absolute link",
      { "one/layer.tar": { type: "symlink", linkname: "/etc/shadow" } },
      "invalid-archive",
      /outside/,
    ],
    ["a link to itself", { "one/layer.tar": { type: "symlink", linkname: "layer.tar" } }, "invalid-archive", /itself/],
    ["a dangling link", { "one/layer.tar": { type: "symlink", linkname: "gone" } }, "invalid-archive", /one\/gone/],
    ["a manifest that is no JSON", { "manifest.json": "[{" }, "invalid-archive", /manifest\.json.*JSON/],
    ["a manifest of another shape", { "manifest.json": '[{"Config":1}]' }, "invalid-archive", /Config/],
    ["a manifest without images", { "manifest.json": "[]" }, "not-found", /no image/],
    ["a config without rootfs", { "c.json": "{}" }, "invalid-archive", /rootfs/],
    ["a config with a strange diffID", { "c.json": '{"rootfs":{"diff_ids":["md5:1"]}}' }, "invalid-archive", /md5:1/],
    ["an xz layer", { "one/layer.tar": Buffer.from("fd377a585a0000", "hex") }, "unsupported", /xz/],
  ];
  test.each(cases)("%s is refused", async (_title, members, code, message) => {
    await expect(read(archive(members))).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test.each([
    ["an empty file", Buffer.alloc(0), /an empty file/],
    ["a zip", Buffer.from("PK\u0003\u0004 and more"), /a zip archive/],
    ["a compressed text", gzipSync("hello"), /holds a text/],
    ["another tar", tarOf({ "package/index.js": "1" }), /no image: it holds package\/index\.js/],
    ["an archive of Docker before 1.10", tarOf({ repositories: "{}" }), /before 1\.10/],
    ["an empty tar", tarOf({}), /it is empty/],
  ])("%s is refused with what it looks like", async (_title, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({
      code: "invalid-archive",
      message: expect.stringMatching(message),
    });
  });

  test("cut off anywhere is refused, never imported in part", async () => {
    const whole = archive();
    const path = join(dir, "cut.tar");
    for (const bytes of [whole, gzipSync(whole)]) {
      for (let part = 1; part < 9; part++) {
        writeFileSync(path, bytes);
        truncateSync(path, Math.floor((bytes.length * part) / 9));
        const imported = importImage({ path, pick: ANY, store, signal });
        await expect(imported).rejects.toMatchObject({
          code: "invalid-archive",
          message: expect.stringContaining(path),
        });
      }
    }
  });

  test("that is not there, or may not be read, is said plainly", async () => {
    const path = join(dir, "none.tar");
    await expect(importImage({ path, pick: ANY, store, signal })).rejects.toMatchObject({
      code: "input-missing",
      message: expect.stringContaining(path),
    });
    await expect(importImage({ path: dir, pick: ANY, store, signal })).rejects.toMatchObject({
      code: "invalid-archive",
      message: expect.stringContaining("it is empty"),
    });
  });
});
