import { gzipSync } from "node:zlib";
import { ImgbuildError } from "@imgbuild/errors";
import fc from "fast-check";
import { codecFor } from "./codec-for.ts";
import { decompressStream } from "./decompress-stream.ts";
import { collect, inPieces } from "./test-archives.ts";

const zstd = codecFor({ algorithm: "zstd" });
const text = Buffer.from("some text that repeats\n".repeat(9000));
const skippable = Buffer.from("5a2a4d1803000000616263", "hex");
let frame = Buffer.alloc(0);
beforeAll(async () => {
  frame = Buffer.from(await zstd.compress(text));
});

async function run(bytes: Uint8Array, options = {}, pieceSize = 1000): Promise<string> {
  return (await collect(decompressStream(inPieces(bytes, pieceSize), options))).toString("latin1");
}

describe("decompressing", () => {
  const plain = text.toString("latin1");

  test("passes other data as it is, also when there is hardly any", async () => {
    for (const data of ["", "a", "\x1f", "ustar data"])
      expect(await run(Buffer.from(data, "latin1"), {}, 1)).toBe(data);
  });

  test("takes several gzip members for one stream", async () => {
    expect(await run(Buffer.concat([gzipSync(text), gzipSync("and"), gzipSync(text)]))).toBe(`${plain}and${plain}`);
  });

  test("takes several zstd frames for one stream, skippable ones for nothing", async () => {
    for (const size of [1, 7, 1e6]) {
      const data = Buffer.concat([skippable, frame, skippable, skippable, frame, skippable]);
      expect(await run(data, {}, size)).toBe(plain + plain);
      expect(await run(skippable, {}, size)).toBe("");
    }
  });

  test("refuses input that is cut off", async () => {
    const gzip = gzipSync(text);
    for (const cut of [gzip.subarray(0, 20), gzip.subarray(0, -3), frame.subarray(0, 9), frame.subarray(0, -1)]) {
      await expect(run(cut)).rejects.toMatchObject({ code: "invalid-archive" });
    }
    const second = Buffer.concat([frame, frame.subarray(0, 5)]);
    await expect(run(second)).rejects.toMatchObject({ code: "invalid-archive" });
    await expect(run(Buffer.concat([skippable.subarray(0, 9)]))).rejects.toMatchObject({ code: "invalid-archive" });
  });

  test("refuses bytes after zstd frames", async () => {
    await expect(run(Buffer.concat([frame, Buffer.from("garbage")]))).rejects.toMatchObject({
      code: "invalid-archive",
    });
  });

  test("stops bombs at the limit", async () => {
    const bomb = Buffer.alloc(20_000_000);
    const limit = { maxSize: 1_000_000 };
    for (const data of [gzipSync(bomb), await zstd.compress(bomb)]) {
      await expect(run(data, limit)).rejects.toMatchObject({ code: "invalid-archive", message: /larger than 1000000/ });
    }
    expect(await run(gzipSync(text), { maxSize: text.length })).toBe(plain);
  });

  test("throws what the source throws and closes a source that is left", async () => {
    let closed = 0;
    const source = async function* (bytes: Buffer): AsyncGenerator<Buffer> {
      try {
        yield bytes;
        yield await Promise.reject(new ImgbuildError("unavailable", "Cannot reach it"));
      } finally {
        closed += 1;
      }
    };
    for (const bytes of [gzipSync(text).subarray(0, 50), frame.subarray(0, 50), Buffer.from("plain data")]) {
      await expect(collect(decompressStream(source(bytes)))).rejects.toMatchObject({ code: "unavailable" });
    }
    for await (const _ of decompressStream(source(Buffer.from("plain data")))) break;
    expect(closed).toBe(4);
  });

  test("whatever the damage, only an ImgbuildError comes out", async () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(change, { minLength: 1, maxLength: 3 }), async (isZstd, changes) => {
        const data = Buffer.from(isZstd ? frame : gzipSync(text));
        for (const [at, byte] of changes) data[at % data.length] = byte;
        await run(data).catch((error: unknown) => expect(error).toBeInstanceOf(ImgbuildError));
      }),
      { numRuns: 300 },
    );
  });
});
