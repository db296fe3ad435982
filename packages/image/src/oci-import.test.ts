import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Digest, digestOf, MediaType, type Platform } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { bytesOf, tarOf, testStore, tinyImage } from "@imgbuild/testkit";
import { archiveDigestInputs } from "./archive-inputs.ts";
import type { ImagePick } from "./choose-image.ts";
import { importImage } from "./import-image.ts";
import { blobPath } from "./layout-content.ts";
import { writeOciArchive } from "./oci-archive.ts";
import { writeOciLayout } from "./oci-layout.ts";
import { validateImage } from "./validate-image.ts";

const rig = testStore();
const signal = new AbortController().signal;
let store: Store;
let dir: string;
beforeAll(async () => {
  store = await rig.open();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "imgbuild-oci-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
afterAll(() => rig.remove());

/** A layout made by hand, with the media types of its maker. */
class HandMade {
  constructor() {
    mkdirSync(join(dir, "blobs/sha256"), { recursive: true });
    writeFileSync(join(dir, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  }

  blob(bytes: Uint8Array | string, mediaType: string, more: object = {}) {
    const digest = digestOf(bytes);
    writeFileSync(join(dir, blobPath(digest)), bytes);
    return { mediaType, digest, size: Buffer.byteLength(bytes), ...more };
  }

  image(of: { salt: string; platform?: Platform; types?: "docker" | "oci" }, more: object = {}) {
    const docker = of.types === "docker";
    const layer = tarOf({ salt: of.salt });
    const { os = "linux", architecture = "amd64", variant } = of.platform ?? {};
    const rootfs = { type: "layers", diff_ids: [digestOf(layer)] };
    const config = JSON.stringify({ os, architecture, variant, rootfs });
    const manifest = {
      schemaVersion: 2,
      config: this.blob(config, docker ? MediaType.dockerConfig : MediaType.ociConfig),
      layers: [this.blob(gzipSync(layer), docker ? MediaType.dockerLayerGzip : MediaType.ociLayerGzip)],
    };
    const type = docker ? MediaType.dockerManifest : MediaType.ociManifest;
    const descriptor = this.blob(JSON.stringify(manifest), type, more);
    return { config: digestOf(config), layer: manifest.layers[0], manifest, descriptor };
  }

  index(manifests: readonly object[], mediaType: string = MediaType.ociIndex) {
    return this.blob(JSON.stringify({ schemaVersion: 2, mediaType, manifests }), mediaType);
  }

  write(manifests: readonly object[]): void {
    writeFileSync(join(dir, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  }
}

async function read(pick: Partial<ImagePick> = {}, platform?: Platform) {
  const image = await importImage({ path: dir, pick: { name: null, tag: null, ...pick }, platform, store, signal });
  await validateImage(store, image);
  return image;
}

const named = (full: string, short: string) => ({
  annotations: { "io.containerd.image.name": full, "org.opencontainers.image.ref.name": short },
});

describe("an OCI layout of our own", () => {
  test.each(["none", "gzip", "zstd"] as const)(
    "with %s gives the image that was written, as directory and archive",
    async (algorithm) => {
      const base = await tinyImage(store, { layers: [{ a: "1" }, { a: "1" }] });
      const data = await tinyImage(store, { layers: [{ b: "2" }], base });
      const images = [
        { data: base, references: ["base:1"] },
        { data, references: ["team/child:1"] },
      ];
      const out = join(dir, "out");
      const options = { images, store, compression: { algorithm }, signal };
      await writeOciLayout({ ...options, dir: out });
      writeFileSync(join(dir, "out.tar"), await bytesOf(writeOciArchive(options)));
      for (const path of [out, join(dir, "out.tar")]) {
        const image = await importImage({ path, pick: { name: "team/child", tag: "1" }, store, signal });
        await validateImage(store, image);
        expect(image.config).toBe(data.config);
        expect(image.layers.map(({ diffId }) => diffId)).toEqual(data.layers.map(({ diffId }) => diffId));
        // Written again, what came in goes out with the same digests.
        expect(await bytesOf(writeOciArchive({ ...options, images: [{ data: image, references: ["x:1"] }] }))).toEqual(
          await bytesOf(writeOciArchive({ ...options, images: [{ data, references: ["x:1"] }] })),
        );
      }
    },
  );
});

describe("an OCI layout of others", () => {
  test.each(["docker", "oci"] as const)("with media types of %s is read", async (types) => {
    const layout = new HandMade();
    const image = layout.image({ salt: "1", types });
    layout.write([image.descriptor]);
    expect((await read()).config).toBe(image.config);
  });

  test("gives the image of the platform, through nested indexes, past provenance and manifests that were not copied", async () => {
    const layout = new HandMade();
    const [amd, arm6, arm7] = [
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm", variant: "v6" },
      { os: "linux", architecture: "arm", variant: "v7" },
    ].map((platform) => ({ platform, ...layout.image({ salt: JSON.stringify(platform), platform }, { platform }) }));
    const provenance = { platform: { os: "unknown", architecture: "unknown" } };
    const missing = { platform: { os: "linux", architecture: "s390x" }, digest: digestOf("none") };
    const list = layout.index(
      [
        { ...layout.image({ salt: "p" }).descriptor, ...provenance },
        ...[amd, arm6, arm7].map((image) => image?.descriptor ?? {}),
        { mediaType: MediaType.ociManifest, size: 4, ...missing },
      ],
      MediaType.dockerManifestList,
    );
    layout.write([{ ...layout.index([list]), ...named("docker.io/library/app:1", "1") }]);
    expect((await read()).config).toBe(amd?.config);
    expect((await read({ name: "app", tag: "1" }, { os: "linux", architecture: "arm", variant: "v7" })).config).toBe(
      arm7?.config,
    );
    await expect(read({}, { os: "linux", architecture: "arm" })).rejects.toMatchObject({
      code: "invalid-archive",
      message: expect.stringContaining("linux/arm/v6, linux/arm/v7"),
    });
    await expect(read({}, { os: "windows", architecture: "amd64" })).rejects.toMatchObject({ code: "not-found" });
    await expect(read({}, { os: "linux", architecture: "s390x" })).rejects.toThrow(/is not in it/);
  });

  test("with one image of another platform gives it, unless one is asked for", async () => {
    const layout = new HandMade();
    const image = layout.image({ salt: "1", platform: { os: "linux", architecture: "arm64" } });
    layout.write([image.descriptor]);
    expect((await read()).config).toBe(image.config);
    await expect(read({}, { os: "linux", architecture: "amd64" })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("linux/arm64"),
    });
  });

  test.each([
    [{ name: "app", tag: "2" }, 1],
    [{ tag: "2" }, 1],
    [{ name: "plain" }, 2],
    [{ tag: "plain" }, 2],
    [{ name: "localhost/pod" }, 3],
  ])("by %j gives image %i", async (pick, wanted) => {
    const layout = new HandMade();
    const notes = [
      named("docker.io/library/app:1", "1"),
      named("docker.io/library/app:2", "2"),
      { annotations: { "org.opencontainers.image.ref.name": "plain" } },
      { annotations: { "org.opencontainers.image.ref.name": "localhost/pod:3" } },
    ];
    const images = notes.map((note, i) => layout.image({ salt: String(i) }, note));
    layout.write(images.map(({ descriptor }) => descriptor));
    expect((await read(pick)).config).toBe(images[wanted]?.config);
    await expect(read({ name: "app" })).rejects.toMatchObject({ code: "invalid-archive" });
    await expect(read({ name: "nobody" })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining('"docker.io/library/app:1"'),
    });
  });
});

describe("an OCI layout that is wrong", () => {
  let layout: HandMade;
  let image: ReturnType<HandMade["image"]>;
  beforeEach(() => {
    layout = new HandMade();
    image = layout.image({ salt: "1" });
    layout.write([image.descriptor]);
  });
  const file = (digest: Digest | undefined): string => join(dir, digest === undefined ? "none" : blobPath(digest));
  const refused = async (code: string, message: RegExp) => {
    await expect(read()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  };

  test("in the bytes of a layer, config or manifest is refused", async () => {
    for (const digest of [image.layer?.digest, image.config, image.descriptor.digest]) {
      const kept = `${file(digest)}.kept`;
      renameSync(file(digest), kept);
      writeFileSync(file(digest), digest === image.layer?.digest ? gzipSync("x") : "{}");
      await refused("integrity", /digest|bytes/);
      renameSync(kept, file(digest));
    }
    await expect(read()).resolves.toBeDefined();
  });

  test("in a digest of a layer whose content is right is refused", async () => {
    const same = readFileSync(file(image.layer?.digest));
    // The operating system in a gzip header: other bytes, the same content and size.
    same.writeUInt8(same.readUInt8(9) ^ 1, 9);
    writeFileSync(file(image.layer?.digest), same);
    await refused("integrity", /bytes|digest/);
  });

  test("with a blob that is a symbolic link, or behind one, is refused", async () => {
    renameSync(file(image.config), join(dir, "secret"));
    symlinkSync("../../secret", file(image.config));
    await refused("invalid-archive", /symbolic link/);
    rmSync(file(image.config));
    renameSync(join(dir, "secret"), file(image.config));
    renameSync(join(dir, "blobs"), join(dir, "elsewhere"));
    symlinkSync("elsewhere", join(dir, "blobs"));
    await refused("invalid-archive", /"blobs" is a symbolic link/);
  });

  test("with a digest that is a path is refused", async () => {
    layout.write([{ ...image.descriptor, digest: "sha256:../../../etc/passwd" }]);
    await refused("invalid-archive", /etc\/passwd/);
  });

  test("with a missing blob is refused", async () => {
    rmSync(file(image.layer?.digest));
    await refused("invalid-archive", /it has no "blobs/);
  });

  test("with a document that is manifest and index at once is refused", async () => {
    layout.write([layout.blob(JSON.stringify({ ...image.manifest, manifests: [] }), MediaType.ociManifest)]);
    await refused("invalid-archive", /manifest and an index/);
    layout.write([{ ...image.descriptor, mediaType: MediaType.ociIndex }]);
    await refused("invalid-archive", /not of the type/);
  });

  test("that holds something else than an image is refused with what it is", async () => {
    const chart = {
      ...image.manifest,
      config: { ...image.manifest.config, mediaType: "application/vnd.cncf.helm.config" },
    };
    layout.write([layout.blob(JSON.stringify(chart), MediaType.ociManifest)]);
    await refused("invalid-archive", /helm/);
  });

  test("without images, or with a wrong index, is refused", async () => {
    layout.write([]);
    await refused("not-found", /no image/);
    writeFileSync(join(dir, "index.json"), "{");
    await refused("invalid-archive", /index\.json.*JSON/);
    rmSync(join(dir, "oci-layout"));
    await refused("invalid-archive", /no "oci-layout"/);
  });
});

describe("what identifies an archive", () => {
  test("is the documents of a layout, not its layers, and any change of them", () => {
    const layout = new HandMade();
    const image = layout.image({ salt: "1" });
    layout.write([layout.index([image.descriptor])]);
    const before = archiveDigestInputs(dir);
    rmSync(join(dir, blobPath(image.layer?.digest ?? digestOf(""))));
    expect(archiveDigestInputs(dir)).toBe(before);
    const seen = new Set([before]);
    for (const name of readdirSync(join(dir, "blobs/sha256"))) {
      const path = join(dir, "blobs/sha256", name);
      const kept = readFileSync(path);
      writeFileSync(path, "{}");
      seen.add(archiveDigestInputs(dir));
      writeFileSync(path, kept);
    }
    rmSync(join(dir, "oci-layout"));
    expect(seen.add(archiveDigestInputs(dir)).size).toBe(5);
  });

  test("is the content of a file, and an error for none", () => {
    writeFileSync(join(dir, "x.tar"), "abc");
    expect(archiveDigestInputs(join(dir, "x.tar"))).toBe(digestOf("abc"));
    expect(() => archiveDigestInputs(join(dir, "none"))).toThrow(expect.objectContaining({ code: "input-missing" }));
  });
});
