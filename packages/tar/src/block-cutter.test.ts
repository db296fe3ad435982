import fc from "fast-check";
import { BlockCutter, type BlockCutterOptions } from "./block-cutter.ts";

interface Entry {
  readonly path: string;
  readonly body: Buffer;
}

const small = { minSize: 4096, maxSize: 16_384, spacing: 4096 };

function cut(entries: readonly Entry[], options: Partial<BlockCutterOptions> = {}, pieceSize = 1e9): Buffer[] {
  const blocks: Buffer[] = [];
  const cutter = new BlockCutter({ ...small, ...options, onBlock: (block) => blocks.push(block) });
  for (const { path, body } of entries) {
    cutter.entry(path, body.length);
    cutter.write(Buffer.alloc(512, path));
    cutter.beginBody(body.length);
    for (let at = 0; at < body.length; at += pieceSize) cutter.write(body.subarray(at, at + pieceSize));
  }
  cutter.end();
  return blocks;
}

/** Bodies whose bytes depend on `seed` alone. */
function bodyOf(seed: number, size: number): Buffer {
  return Buffer.alloc(size, `${seed},`);
}

const tree: Entry[] = Array.from({ length: 600 }, (_, index) => ({
  path: `node_modules/pkg${index >> 3}/lib/file${index}.js`,
  body: bodyOf(index, index % 97 === 0 ? 40_000 : (index * 37) % 3000),
}));

/** How many of `after` are not among `before`. */
function changed(before: readonly Buffer[], after: readonly Buffer[]): number {
  const known = new Set(before.map((block) => block.toString("latin1")));
  return after.filter((block) => !known.has(block.toString("latin1"))).length;
}

describe("the blocks of a layer", () => {
  const entry = fc.record({
    path: fc.string({ minLength: 1 }),
    body: fc.tuple(fc.nat(), fc.nat(40_000)).map(([seed, size]) => bodyOf(seed, size)),
  });

  test("together are what was written, are never empty or too large, and do not depend on the sizes of writes", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), fc.integer({ min: 100, max: 20_000 }), (entries, pieceSize) => {
        const blocks = cut(entries);
        const written = Buffer.concat(entries.flatMap(({ path, body }) => [Buffer.alloc(512, path), body]));
        expect(Buffer.concat(blocks).equals(written)).toBe(true);
        expect(blocks.every(({ length }) => length > 0 && length <= small.maxSize)).toBe(true);
        expect(cut(entries, {}, pieceSize).map(({ length }) => length)).toEqual(blocks.map(({ length }) => length));
      }),
      { numRuns: 60 },
    );
  });

  test("stay the same but for a few when an entry is changed, added or removed, wherever it is", () => {
    const before = cut(tree);
    expect(before.length).toBeGreaterThan(80);
    const counts = tree.flatMap((old, index) => {
      if (index % 37 !== 0) return [];
      const others = [
        tree.with(index, { ...old, body: bodyOf(9999, old.body.length) }),
        tree.with(index, { ...old, body: bodyOf(9999, old.body.length + 700) }),
        tree.toSpliced(index, 1),
        tree.toSpliced(index, 0, { path: `${old.path}.map`, body: bodyOf(7777, 900) }),
      ];
      return others.map((entries) => changed(before, cut(entries)));
    });
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(mean).toBeLessThan(4);
    expect(Math.max(...counts)).toBeLessThan(15);
  });

  test("of a large body start with it and have the full size", () => {
    const body = bodyOf(1, 3 * small.maxSize + 5);
    const blocks = cut([
      { path: "a", body: bodyOf(2, 100) },
      { path: "big", body },
    ]);
    expect(blocks.map(({ length }) => length)).toEqual([1124, small.maxSize, small.maxSize, small.maxSize, 5]);
    expect(blocks[1]?.equals(body.subarray(0, small.maxSize))).toBe(true);
  });

  test("are mostly cut before entries, not at the limit", () => {
    const blocks = cut(tree);
    expect(blocks.filter(({ length }) => length === small.maxSize).length / blocks.length).toBeLessThan(0.3);
  });

  test("are the same on every machine", () => {
    expect(
      cut(tree)
        .slice(0, 6)
        .map(({ length }) => length),
    ).toMatchInlineSnapshot(`
[
  512,
  16384,
  16384,
  11081,
  5181,
  5335,
]
`);
  });
});

describe("the memory of blocks", () => {
  test("is used again after release, and only then", () => {
    const seen: Buffer[] = [];
    const cutter = new BlockCutter({ ...small, onBlock: (block) => seen.push(block) });
    cutter.write(bodyOf(1, 2 * small.maxSize));
    expect(seen[0]?.equals(bodyOf(1, 2 * small.maxSize).subarray(0, small.maxSize))).toBe(true);
    const first = seen[0] as Buffer;
    cutter.release(first);
    cutter.release(first);
    cutter.write(Buffer.alloc(3 * small.maxSize, 7));
    cutter.end();
    const memories = seen.slice(1).map(({ buffer }) => buffer);
    expect(memories.filter((memory) => memory === first.buffer)).toHaveLength(1);
    expect(new Set(memories).size).toBe(memories.length);
  });

  test("can be filled in place", () => {
    const seen: Buffer[] = [];
    const cutter = new BlockCutter({ ...small, onBlock: (block) => seen.push(block) });
    for (let left = 40_000; left > 0; ) {
      const count = Math.min(left, cutter.room().fill(9).length, 3000);
      cutter.advance(count);
      left -= count;
    }
    cutter.end();
    expect(seen.map(({ length }) => length)).toEqual([16_384, 16_384, 7232]);
  });
});
