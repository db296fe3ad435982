import fc from "fast-check";
import { type DirectoryRecord, packDirectory, unpackDirectory } from "./packed-directory.ts";

const record = (count: number, seed: number): DirectoryRecord => ({
  names: Array.from({ length: count }, (_, i) => `näme ${i}\u{1f600}`),
  mtimeMs: Float64Array.from({ length: count }, (_, i) => 1.7e12 + i + seed / 7),
  ctimeMs: Float64Array.from({ length: count }, (_, i) => 1.7e12 - i),
  size: Float64Array.from({ length: count }, (_, i) => 2 ** 40 + i),
  inode: Float64Array.from({ length: count }, (_, i) => i * 1000),
  mode: Uint32Array.from({ length: count }, () => 0o100644),
  flags: Uint8Array.from({ length: count }, (_, i) => [0, 1, 2, 4][i % 4] ?? 0),
  digests: Array.from({ length: count }, (_, i) => (i % 4 < 2 ? String(i % 10).repeat(64) : "")),
  digest: "ab".repeat(32),
});

describe("packDirectory()", () => {
  test("is undone by unpackDirectory(), also from memory that is not aligned", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.nat(1000),
        fc.integer({ min: 0, max: 7 }),
        (count, seed, shift) => {
          const packed = packDirectory(record(count, seed));
          const shifted = Buffer.alloc(packed.length + shift);
          packed.copy(shifted, shift);
          expect(unpackDirectory(shifted.subarray(shift))).toEqual(record(count, seed));
        },
      ),
    );
  });

  test("damaged or of another version is nothing, which costs a new hash only", () => {
    const packed = packDirectory(record(5, 1));
    expect(unpackDirectory(packed.subarray(0, 20))).toBeUndefined();
    expect(unpackDirectory(packed.subarray(0, packed.length - 1))).toBeUndefined();
    packed.writeUInt32LE(99, 0);
    expect(unpackDirectory(packed)).toBeUndefined();
  });
});
