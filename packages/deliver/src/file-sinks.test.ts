import { spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { importImage } from "@imgbuild/image";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { bytesOf, describeSink, testStore, tinyImage } from "@imgbuild/testkit";
import { archiveFileSink } from "./archive-file-sink.ts";
import { layoutSink } from "./layout-sink.ts";
import { streamSink } from "./stream-sink.ts";

const rig = testStore();
const signal = new AbortController().signal;
let store: Store;
let dir: string;
beforeAll(async () => {
  store = await rig.open();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "imgbuild-deliver-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
afterAll(() => rig.remove());

/** The image ID that an archive or layout has under a name. */
async function findIn(path: string, reference: string): Promise<Digest | undefined> {
  const colon = reference.lastIndexOf(":");
  const pick = { name: reference.slice(0, colon), tag: reference.slice(colon + 1) };
  const found = await importImage({ path, pick, store, signal }).catch(() => undefined);
  return found?.config;
}

const none = { algorithm: "none" } as const;

describe.each([
  ["docker-archive", "none"],
  ["docker-archive", "gzip"],
  ["docker-archive", "zstd"],
  ["oci-archive", "gzip"],
  ["oci-archive", "zstd"],
] as const)("%s with %s", (format, algorithm) => {
  describeSink("in a file", async () => {
    const file = join(dir, "out.anything");
    const sink = archiveFileSink({ store, file, format, compressor: { algorithm } });
    return { store, sink, find: (reference) => findIn(file, reference), close: async () => {} };
  });
});

describeSink("an OCI layout", async () => {
  const out = join(dir, "layout");
  const sink = layoutSink({ store, dir: out, compression: { algorithm: "gzip" } });
  return { store, sink, find: (reference) => findIn(out, reference), close: async () => {} };
});

describeSink("a stream", async () => {
  const file = join(dir, "streamed.tar");
  const sink = {
    deliver: async (...args: Parameters<ReturnType<typeof streamSink>["deliver"]>) => {
      const output = new PassThrough();
      const received = bytesOf(output);
      const inner = streamSink({ store, output, format: "docker-archive", compressor: none });
      try {
        return await inner.deliver(...args);
      } finally {
        output.end();
        const bytes = await received;
        if (bytes.length > 0) writeFileSync(file, bytes);
      }
    },
  };
  return { store, sink, find: (reference) => findIn(file, reference), close: async () => {} };
});

describe("an archive file", () => {
  const deliver = async (file: string, files: Record<string, string> = { a: "1" }) => {
    const data = await tinyImage(store, { layers: [files] });
    const sink = archiveFileSink({ store, file, format: "docker-archive", compressor: none });
    return sink.deliver([{ data, references: ["x:1"] }], { signal });
  };

  test("is replaced as a whole, with nothing left beside it", async () => {
    const file = join(dir, "x.tar");
    writeFileSync(file, "old");
    const { bytes } = await deliver(file);
    expect(readFileSync(file)).toHaveLength(bytes);
    expect(readdirSync(dir)).toEqual(["x.tar"]);
  });

  test("stays as it was when an image cannot be read", async () => {
    const file = join(dir, "x.tar");
    writeFileSync(file, "old");
    const data = await tinyImage(store, { layers: [{ gone: "1" }] });
    const lost = { ...data, config: `sha256:${"1".repeat(64)}` as Digest };
    const sink = archiveFileSink({ store, file, format: "oci-archive", compressor: none });
    await expect(sink.deliver([{ data: lost, references: ["x:1"] }], { signal })).rejects.toMatchObject({
      code: "not-found",
    });
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readdirSync(dir)).toEqual(["x.tar"]);
  });

  test("behind a symbolic link is replaced there, and the link stays", async () => {
    writeFileSync(join(dir, "real.tar"), "old");
    symlinkSync("real.tar", join(dir, "link.tar"));
    await deliver(join(dir, "link.tar"));
    expect(readlinkSync(join(dir, "link.tar"))).toBe("real.tar");
    expect(readFileSync(join(dir, "real.tar")).length).toBeGreaterThan(3);
  });

  test("may be a device, which is written to and stays a device", async () => {
    expect((await deliver("/dev/null")).bytes).toBeGreaterThan(0);
    expect(readFileSync("/dev/null")).toHaveLength(0);
  });

  test("cannot be a directory, or in one that is not there", async () => {
    await expect(deliver(dir)).rejects.toMatchObject({ code: "conflict", hint: expect.stringContaining("oci-layout") });
    await expect(deliver(join(dir, "no/x.tar"))).rejects.toMatchObject({ code: "input-missing" });
    writeFileSync(join(dir, "file"), "");
    await expect(deliver(join(dir, "file/x.tar"))).rejects.toMatchObject({ code: "input-missing" });
  });

  test("on a full disk says so and leaves the reader of it unharmed", async () => {
    await expect(deliver("/dev/full")).rejects.toMatchObject({ code: "disk-full" });
  });
});

describe("a layout directory", () => {
  const deliver = async (out: string, files: Record<string, string>) => {
    const data = await tinyImage(store, { layers: [{ base: "always" }, files] });
    const sink = layoutSink({ store, dir: out, compression: { algorithm: "gzip" } });
    return sink.deliver([{ data, references: ["x:1"] }], { signal });
  };
  const blobs = (out: string) => readdirSync(join(out, "blobs/sha256")).sort();

  test("written over again has what a fresh one has, and only what changed is written", async () => {
    const [again, fresh] = [join(dir, "again"), join(dir, "fresh")];
    await deliver(again, { a: "1" });
    writeFileSync(join(again, "blobs/sha256/leftover.tmp"), "of a killed run");
    expect(await deliver(again, { a: "2" })).toMatchObject({ layersSent: 1, layersSkipped: 1 });
    await deliver(fresh, { a: "2" });
    expect(blobs(again)).toEqual(blobs(fresh));
    expect(readFileSync(join(again, "index.json"))).toEqual(readFileSync(join(fresh, "index.json")));
    expect(readdirSync(dir).sort()).toEqual(["again", "fresh"]);
  });

  test("heals a blob that was damaged there", async () => {
    const out = join(dir, "out");
    await deliver(out, { a: "1" });
    const [victim = ""] = blobs(out);
    const path = join(out, "blobs/sha256", victim);
    const right = readFileSync(path);
    chmodSync(path, 0o644);
    writeFileSync(path, Buffer.alloc(right.length, 7));
    await deliver(out, { a: "1" });
    expect(readFileSync(path)).toEqual(right);
  });

  test("takes an empty directory, and refuses one with other things in it", async () => {
    mkdirSync(join(dir, "empty"));
    await deliver(join(dir, "empty"), { a: "1" });
    expect(readdirSync(join(dir, "empty")).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
    writeFileSync(join(dir, "mine.txt"), "precious");
    await expect(deliver(dir, { a: "1" })).rejects.toMatchObject({ code: "conflict" });
    expect(readFileSync(join(dir, "mine.txt"), "utf8")).toBe("precious");
    await expect(deliver(join(dir, "mine.txt"), { a: "1" })).rejects.toMatchObject({ code: "conflict" });
  });

  test("that several runs make at once is made by one and brought up to date by the others", async () => {
    const out = join(dir, "raced");
    await Promise.all(Array.from({ length: 4 }, () => deliver(out, { a: "1" })));
    await deliver(join(dir, "fresh"), { a: "1" });
    expect(blobs(out)).toEqual(blobs(join(dir, "fresh")));
    expect(readdirSync(dir).sort()).toEqual(["fresh", "raced"]);
  });

  test("refuses a layout of another tool, which may have other images", async () => {
    mkdirSync(join(dir, "theirs/blobs/sha256"), { recursive: true });
    writeFileSync(join(dir, "theirs/oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(dir, "theirs/index.json"), '{"schemaVersion":2,"manifests":[]}');
    await expect(deliver(join(dir, "theirs"), { a: "1" })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("did not write"),
    });
  });
});

describe("a stream whose reader goes away", () => {
  test("ends without an error, and says that it is not complete", async () => {
    const data = await tinyImage(store, { layers: [{ big: "x".repeat(3_000_000) }] });
    const reader = spawn("head", ["-c", "100"], { stdio: ["pipe", "ignore", "ignore"] });
    const sink = streamSink({ store, output: reader.stdin, format: "docker-archive", compressor: none });
    const result = await sink.deliver([{ data, references: ["x:1"] }], { signal });
    expect(result).toMatchObject({ complete: false });
    expect(result.bytes).toBeLessThan(3_000_000);
  });

  test.each(["EPIPE", "ECONNRESET"])("may be known by %s", async (code) => {
    const data = await tinyImage(store, { layers: [{ a: "1" }] });
    const output = new Writable({ write: (_bytes, _encoding, done) => done(Object.assign(new Error(code), { code })) });
    const sink = streamSink({ store, output, format: "docker-archive", compressor: none });
    const delivery = sink.deliver([{ data, references: ["x:1"] }], { signal });
    await expect(delivery).resolves.toMatchObject({ bytes: 0, complete: false });
  });

  test("passes on any other failure", async () => {
    const data = await tinyImage(store, { layers: [{ a: "1" }] });
    const output = new Writable({
      write: (_bytes, _encoding, done) => done(Object.assign(new Error("disk"), { code: "ENOSPC" })),
    });
    const sink = streamSink({ store, output, format: "docker-archive", compressor: none });
    const delivery = sink.deliver([{ data, references: ["x:1"] }], { signal });
    await expect(delivery).rejects.toMatchObject({ code: "disk-full" });
  });

  test("is left open at the end", async () => {
    const data = await tinyImage(store, { layers: [{ a: "1" }] });
    const output = new PassThrough();
    output.resume();
    await streamSink({ store, output, format: "docker-archive", compressor: none }).deliver(
      [{ data, references: [] }],
      { signal },
    );
    expect(output.writableEnded).toBe(false);
    output.destroy();
  });
});
