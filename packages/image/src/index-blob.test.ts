import type { TarHeader } from "@imgbuild/tar";
import fc from "fast-check";
import { decodeIndex, encodeIndex } from "./index-blob.ts";
import { IndexBuilder } from "./index-builder.ts";
import type { LayerIndex } from "./layer-index.ts";

const header = (path: string, more: Partial<TarHeader>): TarHeader => ({
  ...{ path, type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 1, size: 3, linkname: "", uname: "", gname: "" },
  ...{ devMajor: 0, devMinor: 0, xattrs: undefined },
  ...more,
});

const plain = (index: LayerIndex) => ({
  ...index,
  entries: [...index.entries.keys()].sort().map((path) => [path, index.entries.get(path)]),
});

const name = fc.constantFrom("a", "b", "über", "new\nline", ".wh.a", ".wh..wh..opq", "__proto__", "constructor");
const member = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/")),
  type: fc.constantFrom("file", "directory", "symlink", "hardlink", "char"),
  linkname: fc.constantFrom("a", "a/b", "gone"),
  devMajor: fc.nat(3),
  xattrs: fc.option(fc.constant(new Map([["user.x", Buffer.from([0, 255])]])), { nil: undefined }),
});

test("an index that was stored says what it said before", () => {
  fc.assert(
    fc.property(fc.array(member, { maxLength: 30 }), (members) => {
      const builder = new IndexBuilder();
      builder.add(header("", { type: "directory", mode: 0o700 }), "");
      for (const { path, ...more } of members) builder.add(header(path, more), "ab".repeat(32));
      const index = builder.finish();
      expect(plain(decodeIndex(encodeIndex(index)))).toEqual(plain(index));
    }),
  );
});

test("what a stored index does not hold is not in it", () => {
  const builder = new IndexBuilder();
  builder.add(header("a/b", {}), "cd".repeat(32));
  const { entries } = decodeIndex(encodeIndex(builder.finish()));
  expect(["a/b", "a", "b", "", "a/b/c", "x/y"].filter((path) => entries.has(path))).toEqual(["a/b"]);
});

test.each(["", "{}", "[1]\n", '{"v":3,"entries":[]}'])("%j is no index", (text) => {
  expect(() => decodeIndex(Buffer.from(text))).toThrow(expect.objectContaining({ code: "integrity" }));
});
