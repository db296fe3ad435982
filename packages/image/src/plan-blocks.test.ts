import { createHash } from "node:crypto";
import fc from "fast-check";
import { type LayerEntry, sortEntries } from "./layer-entry.ts";
import { MAX_BLOCK, type PlannedBlock, planBlocks } from "./plan-blocks.ts";
import { BlockReader } from "./read-block.ts";

function file(path: string, bytes: Buffer): LayerEntry {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return {
    header: {
      path,
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
    content: bytes.length === 0 ? undefined : { kind: "bytes", bytes, size: bytes.length, sha256 },
  };
}

function bytesOfBlocks(blocks: readonly PlannedBlock[]): Buffer[] {
  const reader = new BlockReader();
  return blocks.map((block) => {
    const into = Buffer.alloc(block.size);
    reader.read(block, into);
    return into;
  });
}

/** Many small files of sizes that vary, as a layer has them. */
function manyFiles(count: number): LayerEntry[] {
  return sortEntries(
    Array.from({ length: count }, (_, i) =>
      file(`dir${i % 50}/file${i}.js`, Buffer.alloc(1 + ((i * 7919) % 9000), i % 251)),
    ),
  );
}

const ids = (entries: readonly LayerEntry[]) => [...planBlocks(entries)].map((block) => block.id);

describe("planBlocks()", () => {
  test("gives a tar that GNU-style readers take: members padded, two zero blocks at the end", () => {
    const tar = Buffer.concat(bytesOfBlocks([...planBlocks([file("a", Buffer.from("hello"))])]));
    expect(tar.length).toBe(512 + 512 + 1024);
    expect(tar.subarray(512, 517).toString()).toBe("hello");
    expect(tar.subarray(517).every((byte) => byte === 0)).toBe(true);
  });

  test("equal ids have equal bytes, whatever stands around them", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(sizes, fc.nat(), (list, changed) => {
        const entries = list.map((size, i) => file(`f${String(i).padStart(4, "0")}`, Buffer.alloc(size, i % 200)));
        const other = entries.map((entry, i) =>
          i === changed % entries.length ? file(entry.header.path, Buffer.alloc(list[i] ?? 0, 255)) : entry,
        );
        const known = new Map<string, string>();
        for (const variant of [entries, other]) {
          const blocks = [...planBlocks(variant)];
          bytesOfBlocks(blocks).forEach((bytes, i) => {
            const id = blocks[i]?.id ?? "";
            const sha = createHash("sha256").update(bytes).digest("hex");
            expect(known.get(id) ?? sha).toBe(sha);
            known.set(id, sha);
          });
        }
      }),
      { numRuns: 30 },
    );
  });

  test("a changed file changes one block of many", () => {
    const entries = manyFiles(3000);
    const before = ids(entries);
    expect(before.length).toBeGreaterThan(10);
    const edited = entries.map((entry, i) =>
      i === 1500 ? file(entry.header.path, Buffer.alloc(entry.header.size, 254)) : entry,
    );
    const after = ids(edited);
    expect(after.filter((id) => !before.includes(id))).toHaveLength(1);
  });

  test("an added file changes few blocks", () => {
    const entries = manyFiles(3000);
    const before = new Set(ids(entries));
    const after = ids(sortEntries([...entries, file("dir25/added.js", Buffer.alloc(3000, 1))]));
    expect(after.filter((id) => !before.has(id)).length).toBeLessThanOrEqual(4);
  });

  test("a file larger than a block is cut at multiples of 1 MiB from its own start", () => {
    const big = file("big", Buffer.alloc(3 * MAX_BLOCK + 5, 7));
    const alone = [...planBlocks([big])];
    expect(alone.map((block) => block.size)).toEqual([512, MAX_BLOCK, MAX_BLOCK, MAX_BLOCK, 5, 507 + 1024]);
    const shifted = [...planBlocks([file("aaa", Buffer.alloc(777)), big])];
    expect(shifted.slice(-5).map((block) => block.id)).toEqual(alone.slice(-5).map((block) => block.id));
  });

  test("the same name with another mode or owner is another block", () => {
    const entry = file("a", Buffer.from("x"));
    const variants = [
      entry,
      { ...entry, header: { ...entry.header, mode: 0o755 } },
      { ...entry, header: { ...entry.header, uid: 5 } },
    ];
    expect(new Set(variants.map((variant) => ids([variant])[0])).size).toBe(3);
  });
});
