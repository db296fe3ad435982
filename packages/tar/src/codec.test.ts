import { spawnSync } from "node:child_process";
import { gunzipSync } from "node:zlib";
import { describeWithTools } from "@imgbuild/testkit";
import fc from "fast-check";
import type { Codec } from "./codec.ts";
import { codecFor } from "./codec-for.ts";
import { combineCrc32, crc32, crc32ByTable } from "./crc32.ts";
import { decompressStream } from "./decompress-stream.ts";
import { collect, inPieces } from "./test-archives.ts";
import { loadZstd, zstdAvailable } from "./zstd-provider.ts";

async function streamOf(codec: Codec, blocks: readonly Uint8Array[]): Promise<Buffer> {
  const crc = blocks.reduce((sum, block) => combineCrc32(sum, crc32(block), block.length), 0);
  const size = blocks.reduce((sum, block) => sum + block.length, 0);
  const segments = await Promise.all(blocks.map((block) => codec.compress(block)));
  return Buffer.concat([codec.head(), ...segments, codec.tail({ crc32: crc, size })]);
}

const noise = Buffer.from(
  Array.from({ length: 300_000 }, (_, index) => Math.imul(index, index * 2_654_435_761) >>> 24),
);
const text = Buffer.from("the quick brown fox\n".repeat(20_000));
const samples: [string, Uint8Array[]][] = [
  ["no blocks", []],
  ["one small block", [Buffer.from("a")]],
  ["text and noise", [text, noise, text.subarray(0, 65_536), Buffer.alloc(1_048_576)]],
];

const codecs = [
  codecFor({ algorithm: "none" }),
  codecFor({ algorithm: "gzip" }),
  codecFor({ algorithm: "gzip", level: 1 }),
  codecFor({ algorithm: "gzip", level: 9 }),
  ...(zstdAvailable() ? [codecFor({ algorithm: "zstd" }), codecFor({ algorithm: "zstd", level: 19 })] : []),
];

test("zstd is here, since the tests need it", async () => {
  expect(await loadZstd()).toBe(true);
  expect(zstdAvailable()).toBe(true);
});

describe.each(codecs.map((codec): [string, Codec] => [codec.id, codec]))("%s", (id, codec) => {
  test.each(samples)("gives a valid stream of %s", async (_, blocks) => {
    const stream = await streamOf(codec, blocks);
    for (const pieceSize of [1, 5000, 1e9]) {
      if (pieceSize === 1 && stream.length > 1000) continue;
      const restored = await collect(decompressStream(inPieces(stream, pieceSize)));
      expect(restored.equals(Buffer.concat(blocks))).toBe(true);
    }
  });

  test("gives back each block from its segment, and the same bytes every time", async () => {
    for (const block of [text, noise, Buffer.alloc(1_048_576), Buffer.from("x")]) {
      const segment = await codec.compress(block);
      expect((await codec.expand(segment, block.length)).equals(block)).toBe(true);
      expect(Buffer.from(await codec.compress(block)).equals(Buffer.from(segment))).toBe(true);
    }
  });

  test("refuses a segment that is not of the block", async () => {
    const segment = await codec.compress(text);
    for (const size of [text.length - 1, text.length + 1, 10]) {
      await expect(codec.expand(segment, size)).rejects.toMatchObject({ code: "integrity" });
    }
    await expect(codec.expand(segment.subarray(0, segment.length >> 1), text.length)).rejects.toMatchObject({
      code: "integrity",
    });
  });

  test("names algorithm and level in its id", () => {
    expect(id).toMatch(codec.level === 0 ? /^none$/ : new RegExp(`^${codec.algorithm}-${codec.level}(-m9)?/.*[0-9]`));
  });
});

test.each([
  ["gzip", 0],
  ["gzip", 10],
  ["zstd", 20],
  ["zstd", 1.5],
] as const)("%s has no level %d", (algorithm, level) => {
  expect(() => codecFor({ algorithm, level })).toThrow(expect.objectContaining({ code: "usage" }));
});

const judges: [tool: string, algorithm: "gzip" | "zstd", args: string[]][] = [
  ["gzip", "gzip", ["-dc"]],
  ["pigz", "gzip", ["-dc"]],
  ["python3", "gzip", ["-c", "import gzip,sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))"]],
  ["perl", "gzip", ["-MIO::Uncompress::Gunzip=gunzip", "-e", "gunzip('-','-')"]],
  ["zstd", "zstd", ["-dc"]],
];

describe.each(judges)("%s", (tool, algorithm, args) => {
  describeWithTools([tool], "as a judge", () => {
    test.each(samples)("reads %s", async (_, blocks) => {
      const input = await streamOf(codecFor({ algorithm }), blocks);
      const ran = spawnSync(tool, args, { input, maxBuffer: 2 ** 26 });
      expect(ran.stderr.toString()).toBe("");
      expect(ran.status).toBe(0);
      expect(ran.stdout.equals(Buffer.concat(blocks))).toBe(true);
    });
  });
});

test("a gzip stream is one member of which no byte is left over", async () => {
  const stream = await streamOf(codecFor({ algorithm: "gzip" }), [text, noise]);
  const { engine, buffer } = gunzipSync(stream, { info: true }) as unknown as {
    engine: { bytesWritten: number };
    buffer: Buffer;
  };
  expect(engine.bytesWritten).toBe(stream.length);
  expect(stream.readUInt32LE(stream.length - 4)).toBe(buffer.length);
});

describe("CRC-32", () => {
  test("is the known one", () => {
    expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
    expect(crc32ByTable(Buffer.from("123456789"))).toBe(0xcbf43926);
  });

  test("of a whole follows from its parts", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 3000 }), (a, b) => {
        const whole = crc32ByTable(Buffer.concat([a, b]));
        expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(whole);
        expect(crc32ByTable(b, crc32(a))).toBe(whole);
        expect(crc32(b, crc32(a))).toBe(whole);
      }),
    );
  });

  test("is combined over lengths beyond 2^32", () => {
    const one = crc32(Buffer.from("x"));
    const halves = combineCrc32(combineCrc32(one, 7, 2 ** 40), 9, 2 ** 33 + 1);
    expect(halves).toBe(combineCrc32(one, combineCrc32(7, 9, 2 ** 33 + 1), 2 ** 40 + 2 ** 33 + 1));
  });
});
