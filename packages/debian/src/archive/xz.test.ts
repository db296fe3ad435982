import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { describeWithTools, seededRandom } from "@imgbuild/testkit";
import { collect, inPieces } from "../testing/streams.ts";
import { decompress, decompressBytes } from "./decompress.ts";
import { checkBytes, checkedStream } from "./expected-bytes.ts";
import { decompressXz } from "./xz.ts";

const random = seededRandom(5);
const text = Buffer.from(Array.from({ length: 300_000 }, () => Math.floor(random() * 12) + 97));
const xz = (...args: readonly string[]): Buffer => spawnSync("xz", ["-c", ...args], { input: text }).stdout;

describeWithTools(["xz"], "xz", () => {
  test.each([
    ["one block", () => xz()],
    ["level 9", () => xz("-9e")],
    ["many blocks", () => xz("-T2", "--block-size=20000")],
    ["no check", () => xz("--check=none")],
    ["CRC32", () => xz("--check=crc32")],
  ])("%s, in pieces of any size", async (_, compressed) => {
    const bytes = compressed();
    for (const size of [7, 1000, 1_000_000]) {
      expect((await collect(decompressXz(inPieces(bytes, size)))).equals(text)).toBe(true);
    }
  });

  test("several streams are read as one", async () => {
    expect(await decompressBytes(Buffer.concat([xz(), xz()]))).toHaveLength(2 * text.length);
  });

  test.each([
    ["nothing", () => Buffer.alloc(0), "ends too early"],
    ["cut off", () => xz().subarray(0, 5000), "ends too early"],
    [
      "with something after its end",
      () => Buffer.concat([xz(), Buffer.from("garbage")]),
      "something else after its end",
    ],
    ["damaged", () => Buffer.from(xz()).fill(0, 3000, 3100), "damaged"],
    ["not xz", () => Buffer.from("this is no xz data at all"), "no xz data"],
    ["another check", () => xz("--check=sha256"), "not supported"],
  ])("%s is an error", async (_, bytes, message) => {
    await expect(collect(decompressXz(inPieces(bytes())))).rejects.toThrow(message);
  });

  test("a stream that is left early does not stop others, and closes its source", async () => {
    let closed = false;
    for await (const _ of decompressXz(inPieces(xz(), 100, () => (closed = true)))) break;
    expect(closed).toBe(true);
    const both = await Promise.all([decompressBytes(xz()), decompressBytes(xz())]);
    expect(both.map((bytes) => bytes.length)).toEqual([text.length, text.length]);
  });

  test("what the source throws comes out as it is", async () => {
    const broken = async function* () {
      yield xz().subarray(0, 100);
      throw new TypeError("broken pipe");
    };
    await expect(collect(decompressXz(broken()))).rejects.toThrow(new TypeError("broken pipe"));
  });

  test("too much data is refused", async () => {
    await expect(decompressBytes(xz(), { maxSize: 1000 })).rejects.toThrow("larger than 1000 bytes");
  });
});

describe("decompression by the first bytes", () => {
  test("gzip, and plain data of any length", async () => {
    expect((await decompressBytes(gzipSync(text))).equals(text)).toBe(true);
    for (const length of [0, 1, 5, 6, 7, 300_000]) {
      expect(await collect(decompress(inPieces(text.subarray(0, length), 3)))).toHaveLength(length);
    }
  });

  test("bzip2 is refused, and its source closed", async () => {
    let closed = false;
    const bzip2 = inPieces(Buffer.from("BZh91AY&SY and so on"), 8, () => (closed = true));
    await expect(collect(decompress(bzip2))).rejects.toMatchObject({ code: "unsupported" });
    expect(closed).toBe(true);
  });
});

describe("bytes that were promised", () => {
  const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const abc = Buffer.from("abc");

  test("the right ones pass", async () => {
    checkBytes(abc, { what: "x", size: 3, sha256 });
    expect((await collect(checkedStream(inPieces(abc, 1), { what: "x", size: 3, sha256 }))).toString()).toBe("abc");
  });

  test.each([
    ["too many", Buffer.from("abcd"), "wanted 3"],
    ["too few", Buffer.from("ab"), "it has 2 bytes, wanted 3"],
    ["others", Buffer.from("abd"), `wanted ${sha256}`],
  ])("%s are an error of integrity", async (_, bytes, message) => {
    const expected = { what: "pool/x.deb", size: 3, sha256 };
    expect(() => checkBytes(bytes, expected)).toThrow(message);
    const failure = collect(checkedStream(inPieces(bytes, 2), expected));
    await expect(failure).rejects.toMatchObject({ code: "integrity", message: expect.stringContaining(message) });
  });
});
