import { execFileSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";
import { describeWithTools } from "@imgbuild/testkit";
import fc from "fast-check";
import { encodeHeader } from "./encode-header.ts";
import { encodePax } from "./encode-pax.ts";
import { END_OF_ARCHIVE } from "./padding.ts";
import { readTar } from "./read-tar.ts";
import { readTarSync } from "./read-tar-sync.ts";
import type { TarHeader } from "./tar-header.ts";
import { anyMember, archiveOf, headerOf, inPieces, readAll } from "./test-archives.ts";

const hello = { header: headerOf({ path: "hello.txt", size: 6 }), content: Buffer.from("hello\n") };
const zeros = (count: number): Buffer => Buffer.alloc(count);

/** A copy of `block` with other bytes at `at` and a right checksum. */
function patched(block: Buffer, ...changes: [at: number, bytes: string | Buffer][]): Buffer {
  const copy = Buffer.from(block);
  for (const [at, bytes] of changes) copy.set(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, at);
  copy.fill(0x20, 148, 156);
  const sum = copy.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  copy.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return copy;
}

/** A header block of type `flag` with content and padding. */
function extended(flag: string, content: Uint8Array): Buffer {
  const block = patched(encodeHeader(headerOf({ path: "meta", size: content.length })), [156, flag]);
  return Buffer.concat([block, content, zeros((512 - (content.length % 512)) % 512)]);
}

function pax(records: Record<string, string | Uint8Array>, flag = "x"): Buffer {
  return extended(flag, encodePax(new Map(Object.entries(records))));
}

async function only(...parts: Buffer[]): Promise<{ header: TarHeader; content: Buffer }> {
  const members = await readAll(Buffer.concat([...parts, END_OF_ARCHIVE]));
  expect(members).toHaveLength(1);
  return members[0] as { header: TarHeader; content: Buffer };
}

const plain = encodeHeader(headerOf({ path: "plain" }));

describe("reading an archive", () => {
  test("skips what the consumer does not read", async () => {
    const big = { header: headerOf({ path: "big", size: 5000 }), content: Buffer.alloc(5000, 1) };
    const paths: string[] = [];
    for await (const { header, content } of readTar(inPieces(archiveOf([big, hello, big]), 100))) {
      paths.push(header.path);
      for await (const piece of content) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
    }
    expect(paths).toEqual(["big", "hello.txt", "big"]);
  });

  test("refuses content that is read too late", async () => {
    const members = readTar(inPieces(archiveOf([hello, hello])));
    const first = await members.next();
    await members.next();
    const late = first.value?.content[Symbol.asyncIterator]();
    await expect(late?.next()).rejects.toMatchObject({ code: "internal" });
  });

  test("closes the source when the consumer stops, and reads it to its end otherwise", async () => {
    const log: string[] = [];
    const source = async function* (): AsyncGenerator<Buffer> {
      try {
        yield archiveOf([hello, hello]);
        yield Buffer.from("bytes after the end");
        log.push("end");
      } finally {
        log.push("closed");
      }
    };
    for await (const _ of readTar(source())) break;
    expect(log).toEqual(["closed"]);
    for await (const _ of readTar(source()));
    expect(log).toEqual(["closed", "end", "closed"]);
  });

  test("passes on what the source throws", async () => {
    const source = async function* (): AsyncGenerator<Buffer> {
      yield plain.subarray(0, 100);
      throw new ImgbuildError("unavailable", "Cannot reach it");
    };
    await expect(readTar(source()).next()).rejects.toMatchObject({ code: "unavailable" });
  });

  test("accepts an archive without its end records, and one of no bytes", async () => {
    expect(await readAll(plain)).toHaveLength(1);
    expect(await readAll(zeros(0))).toEqual([]);
    expect(await readAll(END_OF_ARCHIVE)).toEqual([]);
  });

  test("gives paths without leading and trailing decoration, and leaves `..`", async () => {
    const paths = ["./a", "/b", "./././/c//", "../d", "e/../f", "./", "..."];
    const blocks = paths.map((path) => patched(plain, [0, `${path}\0\0\0\0\0`], [156, path.endsWith("/") ? "5" : "0"]));
    const members = await readAll(Buffer.concat([...blocks, END_OF_ARCHIVE]));
    expect(members.map(({ header }) => header.path)).toEqual(["a", "b", "c", "../d", "e/../f", "", "..."]);
  });

  test("reads v7 headers, in which a trailing slash makes a directory", async () => {
    const bare = Buffer.from(plain).fill(0, 156);
    expect((await only(patched(bare, [0, "old/\0"]))).header).toMatchObject({
      path: "old",
      type: "directory",
      uname: "",
    });
    expect((await only(patched(bare, [0, "old\0"]))).header).toMatchObject({ path: "old", type: "file" });
  });

  test("reads base-256 numbers, negative ones too", async () => {
    const minus = Buffer.alloc(12, 0xff);
    const big = Buffer.from("8000000080000001", "hex");
    const { header } = await only(patched(plain, [136, minus], [108, big]));
    expect(header).toMatchObject({ mtime: -1, uid: 2 ** 31 + 1 });
  });

  test("lets GNU long names win over PAX, PAX over ustar, local over global", async () => {
    const parts = [
      pax({ path: "ignored", uname: "global", gname: "global" }, "g"),
      pax({ path: "from-pax", uname: "local", mtime: "-1.5", uid: "4294967296" }),
    ];
    expect((await only(...parts, plain)).header).toMatchObject({
      ...{ path: "from-pax", uname: "local", gname: "global", mtime: -2, uid: 2 ** 32 },
    });
    const long = extended("L", Buffer.from(`${"l".repeat(300)}\0`));
    expect((await only(...parts, long, plain)).header.path).toBe("l".repeat(300));
  });

  test("takes PAX sizes above 8 GiB from the header", async () => {
    for await (const { header } of readTar(inPieces(encodeHeader(headerOf({ path: "huge", size: 2 ** 34 }))))) {
      expect(header.size).toBe(2 ** 34);
      break;
    }
  });

  test("keeps extended attributes to the byte", async () => {
    const value = Buffer.from([0, 255, 10, 61, 128]);
    const { header } = await only(pax({ "SCHILY.xattr.user.x": value, "LIBARCHIVE.xattr.user.y": "eA" }), plain);
    expect([...(header.xattrs ?? [])]).toEqual([["user.x", value]]);
  });

  test("treats the content of a hard link as none, as Go does", async () => {
    const link = patched(plain, [156, "1"], [157, "./target\0"], [124, "00000000700\0"]);
    expect((await only(link)).header).toMatchObject({ type: "hardlink", linkname: "target", size: 0 });
  });

  test("does not guess at names that are not UTF-8 unless told to", async () => {
    const archive = patched(plain, [0, Buffer.from("61ff620000", "hex")]);
    await expect(readAll(archive)).rejects.toMatchObject({ code: "invalid-archive", message: /not UTF-8/ });
    expect((await readAll(archive, { nonUtf8: "replace" }))[0]?.header.path).toBe("a\uFFFDb");
    const honest = archiveOf([{ header: headerOf({ path: "a\uFFFDb" }) }]);
    expect((await readAll(honest))[0]?.header.path).toBe("a\uFFFDb");
  });
});

describe("a sparse file", () => {
  const data = Buffer.concat([Buffer.from("abc"), zeros(509)]);
  const content = Buffer.concat([zeros(1000), Buffer.from("abc"), zeros(100_000 - 1003)]);
  const file = (size: number): Buffer => encodeHeader(headerOf({ path: "GNUSparseFile.1/s", size }));
  const octal = (value: number): string => `${value.toString(8).padStart(11, "0")}\0`;
  const map = Buffer.concat([Buffer.from("1\n1000\n3\n"), zeros(503)]);
  const named = { "GNU.sparse.name": "s" };
  const old = patched(
    file(3),
    [0, "s\0"],
    [156, "S"],
    [345, zeros(155)],
    [386, octal(1000) + octal(3) + octal(100_000) + octal(0)],
    [483, octal(100_000)],
  );
  const forms: [string, Buffer[]][] = [
    ["GNU's old form", [old, data]],
    ["PAX 0.1", [pax({ ...named, "GNU.sparse.size": "100000", "GNU.sparse.map": "1000,3" }), file(3), data]],
    [
      "PAX 0.0",
      [pax({ ...named, "GNU.sparse.size": "100000", "GNU.sparse.offset": "1000" }).fill(0, 512), file(3), data],
    ],
    [
      "PAX 1.0",
      [
        pax({ ...named, "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "100000" }),
        file(515),
        map,
        data,
      ],
    ],
  ];
  // Format 0.0 repeats keys, in an order that `encodePax` does not make.
  const records = "22 GNU.sparse.name=s\n" + "26 GNU.sparse.size=100000\n";
  const zero = "26 GNU.sparse.offset=1000\n" + "25 GNU.sparse.numbytes=3\n";
  forms[2] = ["PAX 0.0", [extended("x", Buffer.from(records.replace("22", "21") + zero)), file(3), data]];

  test.each(forms)("in %s has its real size, name and content", async (_, parts) => {
    const member = await only(...parts);
    expect(member.header).toMatchObject({ path: "s", size: 100_000, type: "file" });
    expect(member.content.equals(content)).toBe(true);
    const [inMemory] = readTarSync(Buffer.concat(parts));
    expect(inMemory?.content.equals(content)).toBe(true);
  });

  test.each([
    ["overlaps", { "GNU.sparse.size": "9", "GNU.sparse.map": "0,2,1,1" }],
    ["goes beyond the size", { "GNU.sparse.size": "9", "GNU.sparse.map": "8,3" }],
    ["names more data than there is", { "GNU.sparse.size": "9", "GNU.sparse.map": "0,4" }],
    ["is half a pair", { "GNU.sparse.size": "9", "GNU.sparse.map": "0,3,5" }],
    ["stands for petabytes", { "GNU.sparse.size": "9000000000000000", "GNU.sparse.map": "0,3" }],
    ["has no size", { "GNU.sparse.map": "0,3" }],
    ["is of an unknown version", { "GNU.sparse.major": "2", "GNU.sparse.realsize": "3" }],
  ])("is refused when its map %s", async (_, fields) => {
    await expect(only(pax(fields), file(3), data)).rejects.toMatchObject({ code: "invalid-archive" });
  });
});

describe("a broken archive is refused, with the member and the place", () => {
  test.each([
    ["a checksum that is wrong", [Buffer.from(plain).fill("z", 0, 1)], /offset 512: its checksum/],
    ["content cut off", [archiveOf([hello]).subarray(0, 515)], /"hello.txt" at offset 515: the archive ends/],
    ["padding cut off", [archiveOf([hello]).subarray(0, 600)], /the archive ends/],
    ["a header cut off", [plain.subarray(0, 511)], /the archive ends/],
    ["a PAX header without its member", [pax({ path: "x" })], /the archive ends/],
    ["a PAX header of 2 MiB", [extended("x", zeros(2 ** 21))], /2097152 bytes, wanted up to 1048576/],
    ["a long name of 2 MiB", [extended("L", zeros(2 ** 21))], /wanted up to 1048576/],
    ["a PAX record longer than its header", [extended("x", Buffer.from("99 path=x\n")), plain], /malformed/],
    ["a PAX record without `=`", [extended("x", Buffer.from("7 path\n")), plain], /malformed/],
    ["a PAX length that is no number", [extended("x", Buffer.from("0x9 path=x\n")), plain], /malformed/],
    ["a PAX path with NUL", [pax({ path: "a\0b" }), plain], /NUL/],
    ["a PAX size that is no number", [pax({ size: "-1" }), plain], /its size is "-1"/],
    ["a global owner name of 5000 bytes", [pax({ uname: "u".repeat(5000) }, "g"), plain], /global PAX record "uname"/],
    ["many PAX headers", Array(65).fill(pax({ a: "b" })), /too many/],
    ["an octal field with other digits", [patched(plain, [124, "0000000009 "])], /wanted an octal number/],
    ["a negative size", [patched(plain, [124, Buffer.alloc(12, 0xff)])], /size/],
    ["a size beyond 2^53", [patched(plain, [124, Buffer.alloc(12, 0x88)])], /too large/],
    ["an unknown type", [patched(plain, [156, "Q"])], /unknown type "Q"/],
    ["no name", [patched(plain, [0, zeros(100)])], /no name/],
    ["a link without target", [patched(plain, [156, "2"])], /without a target/],
    ["members after one empty record", [zeros(512), plain], /after an empty record/],
  ] as [string, Buffer[], RegExp][])("%s", async (_, parts, message) => {
    const archive = Buffer.concat(parts);
    await expect(readAll(archive)).rejects.toMatchObject({ code: "invalid-archive", message });
    expect(() => [...readTarSync(archive)]).toThrow(message);
  });

  test("more members than allowed", async () => {
    const archive = archiveOf([hello, hello, hello]);
    await expect(readAll(archive, { limits: { maxEntries: 2 } })).rejects.toMatchObject({ message: /more than 2/ });
    expect(await readAll(archive, { limits: { maxEntries: 3 } })).toHaveLength(3);
  });

  test("whatever the damage, only an ImgbuildError comes out", () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(anyMember, { minLength: 1, maxLength: 4 }),
        fc.array(change, { maxLength: 12 }),
        fc.boolean(),
        (members, changes, mend) => {
          const archive = archiveOf(members);
          for (const [at, byte] of changes) archive[at % archive.length] = byte;
          // With right checksums the damage gets past the first check.
          for (let at = 0; mend && at + 512 <= archive.length - 1024; at += 512) {
            if (archive.toString("latin1", at + 257, at + 262) === "ustar")
              patched(archive.subarray(at, at + 512)).copy(archive, at);
          }
          try {
            for (const { header, content } of readTarSync(archive)) expect(content.length).toBe(header.size);
          } catch (error) {
            expect(error).toBeInstanceOf(ImgbuildError);
            expect(error).toMatchObject({ code: "invalid-archive" });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describeWithTools(["tar"], "archives of GNU tar", () => {
  let dir = "";
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "imgbuild-tar-"));
    const deep = join(dir, "tree", "d".repeat(90), "e".repeat(90));
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, "f".repeat(90)), "deep");
    writeFileSync(join(dir, "tree", "ünï"), "x".repeat(1000));
    symlinkSync("../".repeat(50), join(dir, "tree", "link"));
    const fd = openSync(join(dir, "tree", "sparse"), "w");
    for (let index = 0; index < 40; index++) writeSync(fd, `piece ${index}`, index * 131_072);
    ftruncateSync(fd, 6_000_000);
    closeSync(fd);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test.each([
    ["gnu"],
    ["posix"],
    ["oldgnu"],
    ["gnu", "--sparse"],
    ["posix", "--sparse"],
    ["posix", "--sparse", "--sparse-version=0.1"],
    ["posix", "--sparse", "--sparse-version=0.0"],
  ])("in format %s %s %s are read with names and contents", async (format, ...flags) => {
    const args = [`--format=${format}`, ...flags, "--sort=name", "-C", dir, "-cf", "-", "./tree"];
    const archive = execFileSync("tar", args, { maxBuffer: 2 ** 26 });
    const members = await readAll(archive, { pieceSize: 7000 });
    const d = "d".repeat(90);
    const e = "e".repeat(90);
    const found = new Map(members.map(({ header, content }) => [header.path, { header, content }]));
    expect([...found.keys()].sort()).toEqual(
      [
        "tree",
        `tree/${d}`,
        `tree/${d}/${e}`,
        `tree/${d}/${e}/${"f".repeat(90)}`,
        "tree/link",
        "tree/sparse",
        "tree/ünï",
      ].sort(),
    );
    expect(found.get(`tree/${d}/${e}/${"f".repeat(90)}`)?.content.toString()).toBe("deep");
    expect(found.get("tree/link")?.header.linkname).toBe("../".repeat(50));
    const sparse = found.get("tree/sparse")?.content ?? zeros(0);
    expect(sparse.length).toBe(6_000_000);
    expect(sparse.toString("latin1", 39 * 131_072, 39 * 131_072 + 9)).toBe("piece 39\0");
    expect(sparse.reduce((sum, byte) => sum + (byte === 0 ? 0 : 1), 0)).toBe(10 * 7 + 30 * 8);
    if (flags.length > 0) expect(archive.length).toBeLessThan(1_000_000);
  });
});
