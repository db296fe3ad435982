import { ImgbuildError } from "@imgbuild/errors";
import { type Digest, digestOf } from "@imgbuild/oci";
import type { BlobStore } from "@imgbuild/store";
import fc from "fast-check";

/** A blob store under test, and a way to damage what it keeps. */
export interface BlobStoreRig {
  readonly store: BlobStore;
  /** Replaces the stored bytes of a blob behind the store's back. */
  damage(digest: Digest, change: (bytes: Buffer) => Buffer): void;
  close(): void;
}

/** What every {@link BlobStore} must do. `open` gives an empty store for each test. */
export function describeBlobStore(title: string, open: () => Promise<BlobStoreRig> | BlobStoreRig): void {
  describe(title, () => {
    let rig: BlobStoreRig;
    let store: BlobStore;
    beforeEach(async () => {
      rig = await open();
      store = rig.store;
    });
    afterEach(() => rig.close());

    const hello = Buffer.from("hello");
    const absent = digestOf("never stored");
    const gather = (digest: Digest, pieceSize?: number) => Buffer.concat([...store.stream(digest, pieceSize)]);

    describe("bytes that were put", () => {
      test("come back whole, by read, slice and stream", () => {
        const digest = store.put(hello);
        expect(digest).toBe(digestOf("hello"));
        expect(store.size(digest)).toBe(5);
        expect(store.read(digest).toString()).toBe("hello");
        expect(store.slice(digest, 1, 3).toString()).toBe("ell");
        expect(gather(digest).toString()).toBe("hello");
      });

      test("come back whole whatever they are and however they are cut", () => {
        const bytes = fc.uint8Array({ maxLength: 300 });
        fc.assert(
          fc.property(bytes, fc.integer({ min: 1, max: 400 }), fc.nat(300), fc.nat(300), (data, piece, a, b) => {
            const digest = store.put(data);
            const [from, to] = [Math.min(a, b, data.length), Math.min(Math.max(a, b), data.length)];
            expect(gather(digest, piece)).toEqual(Buffer.from(data));
            expect(store.slice(digest, from, to - from)).toEqual(Buffer.from(data.subarray(from, to)));
          }),
          { numRuns: 25 },
        );
      });

      test("may be none at all", () => {
        const digest = store.put(new Uint8Array(0));
        expect(store.size(digest)).toBe(0);
        expect(store.read(digest)).toHaveLength(0);
        expect(store.slice(digest, 0, 0)).toHaveLength(0);
        expect([...store.stream(digest)]).toEqual([]);
      });

      test("are kept once, however often they are put", () => {
        expect([store.put(hello), store.put(hello)]).toEqual([digestOf(hello), digestOf(hello)]);
        expect([...store.list()]).toEqual([digestOf(hello)]);
      });

      test("are listed until they are removed, and removing twice is no fault", () => {
        const [one, two] = [store.put(Buffer.from("one")), store.put(Buffer.from("two"))];
        expect([...store.list()].sort()).toEqual([one, two].sort());
        store.remove(one);
        store.remove(one);
        expect([...store.list()]).toEqual([two]);
        expect(store.size(one)).toBeUndefined();
        expect(store.size(store.put(Buffer.from("one")))).toBe(3);
      });

      test("do not change when the caller reuses the buffer", () => {
        const buffer = Buffer.from("first");
        const digest = store.put(buffer);
        buffer.fill(0);
        expect(store.read(digest).toString()).toBe("first");
      });
    });

    describe("what is not there", () => {
      test("has no size and cannot be read", () => {
        expect(store.size(absent)).toBeUndefined();
        for (const read of [() => store.read(absent), () => store.slice(absent, 0, 0), () => gather(absent)]) {
          expect(codeOf(read)).toBe("not-found");
        }
      });

      test.each(["sha256:../../etc/passwd", "", "sha256:", `sha256:${"A".repeat(64)}`, `sha512:${"a".repeat(64)}`])(
        "includes the digest %j",
        (text) => {
          expect(store.size(text as Digest)).toBeUndefined();
          expect(codeOf(() => store.read(text as Digest))).toBe("not-found");
          expect(() => store.remove(text as Digest)).not.toThrow();
        },
      );

      test("is a range beyond the end", () => {
        const digest = store.put(hello);
        expect(codeOf(() => store.slice(digest, 3, 3))).toBe("integrity");
        expect(store.size(digest)).toBe(5);
      });
    });

    describe("a writer", () => {
      test("gives digest and size of all that was written, and the blob is there", () => {
        const writer = store.writer();
        const piece = Buffer.from("ab");
        writer.write(piece);
        piece.write("cd");
        writer.write(piece);
        expect(writer.size).toBe(4);
        expect(writer.commit()).toEqual({ digest: digestOf("abcd"), size: 4 });
        expect(store.read(digestOf("abcd")).toString()).toBe("abcd");
      });

      test("shows nothing before its commit", () => {
        const writer = store.writer();
        writer.write(hello);
        expect(store.size(digestOf(hello))).toBeUndefined();
        expect([...store.list()]).toEqual([]);
        writer.abort();
      });

      test("leaves nothing when it is aborted, and may be aborted again or after a commit", () => {
        const writer = store.writer();
        writer.write(hello);
        writer.abort();
        writer.abort();
        expect([...store.list()]).toEqual([]);
        expect(codeOf(() => writer.write(hello))).toBe("internal");
        const done = store.writer();
        done.write(hello);
        const { digest } = done.commit(digestOf(hello));
        done.abort();
        expect(store.read(digest)).toEqual(hello);
        expect(codeOf(() => done.commit())).toBe("internal");
      });

      test("refuses bytes that are not what was promised", () => {
        const writer = store.writer();
        writer.write(hello);
        expect(codeOf(() => writer.commit(absent))).toBe("integrity");
        expect([...store.list()]).toEqual([]);
      });

      test("does not mind another that writes the same blob", () => {
        const [one, two] = [store.writer(), store.writer()];
        one.write(hello);
        two.write(hello);
        expect(one.commit()).toEqual(two.commit());
        expect(store.read(digestOf(hello))).toEqual(hello);
      });
    });

    describe("a damaged blob", () => {
      const content = Buffer.from("0123456789".repeat(50));
      const harms: [string, (bytes: Buffer) => Buffer][] = [
        ["cut short", (bytes) => bytes.subarray(0, 100)],
        ["emptied", () => Buffer.alloc(0)],
        ["made longer", (bytes) => Buffer.concat([bytes, Buffer.from("x")])],
      ];
      const flipped = (bytes: Buffer) => {
        const copy = Buffer.from(bytes);
        copy[250] = (copy[250] ?? 0) ^ 1;
        return copy;
      };

      test.each(harms)("that was %s has no size, and heals when it is put again", (_, harm) => {
        const digest = store.put(content);
        rig.damage(digest, harm);
        expect(store.size(digest)).toBeUndefined();
        expect(store.put(content)).toBe(digest);
        expect(store.read(digest)).toEqual(content);
      });

      test.each(harms)("that was %s is never given by slice", (_, harm) => {
        const digest = store.put(content);
        rig.damage(digest, harm);
        expect(codeOf(() => store.slice(digest, 0, 1))).toBe("integrity");
        expect(store.size(digest)).toBeUndefined();
      });

      test("of the right size is found by read, and then set aside", () => {
        const digest = store.put(content);
        rig.damage(digest, flipped);
        expect(codeOf(() => store.read(digest))).toBe("integrity");
        expect(store.size(digest)).toBeUndefined();
        expect(store.put(content)).toBe(digest);
        expect(store.read(digest)).toEqual(content);
      });

      test("of the right size is found by stream before the last piece is given", () => {
        const digest = store.put(content);
        rig.damage(digest, flipped);
        const got: Buffer[] = [];
        expect(
          codeOf(() => {
            for (const piece of store.stream(digest, 100)) got.push(piece);
          }),
        ).toBe("integrity");
        expect(got).toHaveLength(4);
        expect(store.size(digest)).toBeUndefined();
      });
    });
  });
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ImgbuildError) return error.code;
    throw error;
  }
  return "no error";
}
