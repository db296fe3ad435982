import fc from "fast-check";
import { encodeHeader } from "./encode-header.ts";
import { END_OF_ARCHIVE, paddingOf } from "./padding.ts";
import type { ReadTarOptions } from "./parse-options.ts";
import { readTar } from "./read-tar.ts";
import type { TarHeader } from "./tar-header.ts";

/** A plain file, changed by `fields`. */
export function headerOf(fields: Partial<TarHeader> = {}): TarHeader {
  return {
    path: "a.txt",
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    uname: "",
    gname: "",
    size: 0,
    mtime: 1,
    linkname: "",
    devMajor: 0,
    devMinor: 0,
    xattrs: undefined,
    ...fields,
  };
}

/** A whole archive of `members`, made by `encodeHeader`. */
export function archiveOf(members: readonly { header: TarHeader; content?: Uint8Array }[]): Buffer {
  return Buffer.concat([
    ...members.flatMap(({ header, content = Buffer.alloc(header.size) }) => [
      encodeHeader(header),
      content,
      Buffer.alloc(paddingOf(content.length)),
    ]),
    END_OF_ARCHIVE,
  ]);
}

/** `bytes` in pieces of `size`. */
export async function* inPieces(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Every member of an archive with its content. */
export async function readAll(
  archive: Uint8Array,
  options: ReadTarOptions & { pieceSize?: number } = {},
): Promise<{ header: TarHeader; content: Buffer }[]> {
  const members: { header: TarHeader; content: Buffer }[] = [];
  for await (const { header, content } of readTar(inPieces(archive, options.pieceSize), options)) {
    members.push({ header, content: await collect(content) });
  }
  return members;
}

const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .map((text) => text.replaceAll(/[/\0]/g, "_"))
  .filter((text) => text !== "." && text !== ".." && !/\p{Surrogate}/u.test(text));
const plainName = fc.stringMatching(/^[a-z][a-z.-]{0,39}$/);
const path = fc
  .array(fc.oneof({ weight: 3, arbitrary: plainName }, name), { minLength: 1, maxLength: 9 })
  .map((parts) => parts.join("/"));
const owner = fc.oneof(fc.constant(""), fc.constantFrom("root", "jürgen", "x".repeat(31), "x".repeat(40)));
const id = fc.oneof(fc.nat(70_000), fc.constantFrom(2_097_151, 2_097_152, 4_294_967_294));
const time = fc.oneof(fc.nat(), fc.constantFrom(-1, -2_000_000_000, 2 ** 31, 2 ** 33 - 1, 2 ** 33, 1e11));
const xattrs = fc.option(
  fc.dictionary(fc.stringMatching(/^user\.[a-z]{1,9}$/), fc.uint8Array({ maxLength: 40 }), { minKeys: 1, maxKeys: 3 }),
  { nil: undefined, freq: 4 },
);

/** Any header that can be written, with content where it is a file. */
export const anyMember: fc.Arbitrary<{ header: TarHeader; content: Uint8Array }> = fc
  .record({
    path,
    type: fc.constantFrom<TarHeader["type"]>("file", "file", "directory", "symlink", "hardlink", "char", "fifo"),
    mode: fc.nat(0o7777),
    uid: id,
    gid: id,
    uname: owner,
    gname: owner,
    mtime: time,
    link: path,
    device: fc.tuple(fc.nat(4095), fc.nat(1_048_575)),
    xattrs,
    content: fc.uint8Array({ maxLength: 1500 }),
  })
  .map(({ link, device, content, xattrs: attributes, ...fields }) => {
    const isLink = fields.type === "symlink" || fields.type === "hardlink";
    const body = fields.type === "file" ? content : new Uint8Array(0);
    const [devMajor, devMinor] = fields.type === "char" ? device : [0, 0];
    const header: TarHeader = {
      ...fields,
      size: body.length,
      linkname: isLink ? link : "",
      devMajor,
      devMinor,
      xattrs:
        attributes === undefined
          ? undefined
          : new Map(Object.entries(attributes).map(([key, value]) => [key, Buffer.from(value)])),
    };
    return { header, content: body };
  });
