import { gzipSync } from "node:zlib";
import { bytesOf, tarOf } from "@imgbuild/testkit";
import { looksLike, sniff, withHead } from "./sniff.ts";

describe("telling a file by its first bytes", () => {
  test.each([
    ["a tar", tarOf({ "[slug].js": "x" }), "tar", "a tar archive"],
    ["an empty tar", tarOf({}), "tar", "a tar archive"],
    ["gzip", gzipSync("x"), "gzip", "gzip-compressed data"],
    ["zstd", Buffer.from("28b52ffd00", "hex"), "zstd", "zstd-compressed data"],
    ["a skippable zstd frame", Buffer.from("512a4d1800", "hex"), "zstd", "zstd-compressed data"],
    ["xz", Buffer.from("fd377a585a0000", "hex"), "xz", "xz-compressed data"],
    ["bzip2", Buffer.from("BZh9"), "bzip2", "bzip2-compressed data"],
    ["nothing", Buffer.alloc(0), "unknown", "an empty file"],
    ["a zip", Buffer.from("PK\u0003\u0004...."), "unknown", "a zip archive"],
    ["a program", Buffer.from("\u007fELF\u0002"), "unknown", "an ELF program"],
    ["JSON", Buffer.from('{"a":1}'), "unknown", "a JSON text"],
    ["HTML", Buffer.from("<!DOCTYPE html>"), "unknown", "an HTML or XML text"],
    ["a text", Buffer.from("FROM scratch\n"), "unknown", "a text"],
    ["noise", Buffer.from([0, 1, 2, 3]), "unknown", "binary data of an unknown kind"],
    ["a file of 600 text bytes", Buffer.alloc(600, "a"), "unknown", "a text"],
  ])("%s", (_title, bytes, kind, words) => {
    expect(sniff(bytes.subarray(0, 512))).toBe(kind);
    expect(looksLike(bytes.subarray(0, 512))).toBe(words);
  });

  test("leaves the stream whole", async () => {
    const pieces = async function* () {
      for (const piece of ["ab", "", "cdef", "g"]) yield Buffer.from(piece);
    };
    for (const size of [0, 1, 3, 7, 99]) {
      const { head, rest } = await withHead(pieces(), size);
      expect(`${head}`).toBe("abcdefg".slice(0, size));
      expect(`${await bytesOf(rest)}`).toBe("abcdefg");
    }
  });
});
