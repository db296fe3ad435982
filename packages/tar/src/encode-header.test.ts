import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";
import { describeWithTools } from "@imgbuild/testkit";
import fc from "fast-check";
import { extract } from "tar-stream";
import { encodeHeader } from "./encode-header.ts";
import type { TarHeader } from "./tar-header.ts";
import { anyMember, archiveOf, headerOf, readAll } from "./test-archives.ts";

const capability = Buffer.from("0100000200040000000000000000000000ff80fe", "hex");
const long = "d".repeat(120);
const odd: Readonly<Record<string, TarHeader>> = {
  "a plain file": headerOf({ path: "usr/share/doc/a.txt", mtime: 1_700_000_000 }),
  "mode 0": headerOf({ path: "mode0", mode: 0 }),
  "setuid, setgid and sticky": headerOf({ path: "suid", mode: 0o7755 }),
  "a directory": headerOf({ path: "dir", type: "directory", mode: 0o755 }),
  "ids at the limit of ustar": headerOf({ path: "ids", uid: 2_097_151, gid: 2_097_151 }),
  "ids above the limit of ustar": headerOf({ path: "bigids", uid: 2_097_152, gid: 4_294_967_294 }),
  "a time before 1970": headerOf({ path: "old", mtime: -86_400 }),
  "a time after 2038": headerOf({ path: "new", mtime: 2 ** 31 + 5 }),
  "a time after 2242": headerOf({ path: "newer", mtime: 2 ** 33 + 5 }),
  "a name of 100 bytes": headerOf({ path: "n".repeat(100) }),
  "a directory name of 100 bytes": headerOf({ path: "e".repeat(100), type: "directory", mode: 0o755 }),
  "a name that the prefix field can take": headerOf({ path: `${"p".repeat(120)}/${"q".repeat(90)}` }),
  "a prefix of 155 and a name of 100 bytes": headerOf({ path: `${"r".repeat(155)}/${"s".repeat(100)}` }),
  "a name of 300 bytes": headerOf({ path: `${long}/${long}/${"f".repeat(58)}` }),
  "a component of 200 bytes": headerOf({ path: "g".repeat(200) }),
  "a name that is not ASCII": headerOf({ path: "naïve/日本語/😀.txt" }),
  "an absolute symlink": headerOf({ path: "abs", type: "symlink", linkname: "/etc/passwd", mode: 0o777 }),
  "a broken symlink": headerOf({ path: "broken", type: "symlink", linkname: "../../no/where/", mode: 0o777 }),
  "a long symlink": headerOf({ path: "longlink", type: "symlink", linkname: `${long}/${long}`, mode: 0o777 }),
  "a symlink that is not ASCII": headerOf({ path: "uni", type: "symlink", linkname: "żółw", mode: 0o777 }),
  "a hard link": headerOf({ path: "hard", type: "hardlink", linkname: "usr/share/doc/a.txt" }),
  "a fifo": headerOf({ path: "fifo", type: "fifo" }),
  "a character device": headerOf({ path: "null", type: "char", devMajor: 1, devMinor: 3, mode: 0o666 }),
  "a block device with a large minor": headerOf({ path: "disk", type: "block", devMajor: 259, devMinor: 1_048_575 }),
  "owner names": headerOf({ path: "owned", uname: "root", gname: "wheel" }),
  "owner names that are not ASCII": headerOf({ path: "owned2", uname: "jürgen", gname: "größe" }),
  "a capability": headerOf({ path: "cap", mode: 0o755, xattrs: new Map([["security.capability", capability]]) }),
};
const all = archiveOf(Object.values(odd).map((header) => ({ header })));

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "imgbuild-tar-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("a header", () => {
  test.each(Object.entries(odd))("with %s is read back as it was", async (_, header) => {
    const [member] = await readAll(archiveOf([{ header }]));
    expect(member?.header).toEqual(header);
  });

  test("of any kind is read back as it was, whole blocks, and the same bytes each time", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyMember, { maxLength: 5 }),
        fc.integer({ min: 1, max: 2000 }),
        async (members, pieceSize) => {
          const archive = archiveOf(members);
          expect(archive.length % 512).toBe(0);
          expect(archiveOf(members).equals(archive)).toBe(true);
          const read = await readAll(archive, { pieceSize });
          expect(read.map(({ header }) => header)).toEqual(members.map(({ header }) => header));
          expect(read.map(({ content }) => content.toString("hex"))).toEqual(
            members.map(({ content }) => Buffer.from(content).toString("hex")),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  test("takes one block whenever ustar can say it", () => {
    const plain = ["a plain file", "mode 0", "ids at the limit of ustar", "a prefix of 155 and a name of 100 bytes"];
    for (const key of [...plain, "a time after 2038", "a directory"]) {
      const header = odd[key];
      expect(header && encodeHeader(header)).toHaveLength(512);
    }
  });

  test("larger than 8 GiB has its size in a PAX record", () => {
    const bytes = encodeHeader(headerOf({ size: 2 ** 33 }));
    expect(bytes.length).toBe(3 * 512);
    expect(bytes.toString("latin1", 512, 530)).toBe("19 size=8589934592");
    expect(encodeHeader(headerOf({ size: 2 ** 33 - 1 })).toString("latin1", 124, 136)).toBe("77777777777\0");
  });

  test("does not depend on the order of extended attributes", () => {
    const make = (keys: string[]): Buffer =>
      encodeHeader(headerOf({ xattrs: new Map(keys.map((key) => [key, Buffer.from(key)])) }));
    expect(make(["user.b", "user.a"])).toEqual(make(["user.a", "user.b"]));
  });

  test.each([
    [{ path: "" }],
    [{ path: "a\0b" }],
    [{ path: "a\uD800b" }],
    [{ mode: 0o10000 }],
    [{ mode: -1 }],
    [{ mode: 1.5 }],
    [{ size: -1 }],
    [{ uid: -1 }],
    [{ mtime: Number.NaN }],
    [{ type: "directory", size: 3 }],
    [{ type: "symlink" }],
    [{ type: "symlink", linkname: "a\0" }],
    [{ uname: "\0" }],
    [{ xattrs: new Map([["user.a=b", Buffer.alloc(1)]]) }],
    [{ type: "char", devMajor: 2 ** 21 }],
  ] as [Partial<TarHeader>][])("that cannot be written is a bug: %j", (fields) => {
    expect(() => encodeHeader(headerOf(fields))).toThrow(ImgbuildError);
    expect(() => encodeHeader(headerOf(fields))).toThrow(expect.objectContaining({ code: "internal" }));
  });
});

describe("tar-stream", () => {
  test("reads the same names, links, modes and contents", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyMember, { minLength: 1, maxLength: 4 }), async (members) => {
        const seen: unknown[] = [];
        const reader = extract();
        const ended = (async () => {
          for await (const entry of reader) {
            const pieces: Buffer[] = [];
            for await (const piece of entry) pieces.push(piece as Buffer);
            const { name, linkname, mode } = entry.header;
            seen.push([name.replace(/\/$/, ""), linkname ?? "", mode, Buffer.concat(pieces).toString("hex")]);
          }
        })();
        reader.end(archiveOf(members));
        await ended;
        expect(seen).toEqual(
          members.map(({ header, content }) => [
            header.path,
            header.linkname,
            header.mode,
            Buffer.from(content).toString("hex"),
          ]),
        );
      }),
      { numRuns: 60 },
    );
  });
});

const TYPE_LETTER = { file: "-", directory: "d", symlink: "l", hardlink: "h", char: "c", block: "b", fifo: "p" };

describeWithTools(["tar"], "GNU tar", () => {
  function run(...args: string[]): string {
    const file = join(dir, "all.tar");
    if (!existsSync(file)) writeFileSync(file, all);
    const ran = spawnSync("tar", [...args, "-f", file], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC" },
    });
    expect(ran.stderr.replaceAll(/tar: .*(implausibly old|in the future).*\n/g, "")).toBe("");
    expect(ran.status).toBe(0);
    return ran.stdout;
  }

  test("lists kind, owner, size, time, name and link as they are", () => {
    const lines = run("-tv", "--numeric-owner", "--full-time", "--quoting-style=literal").trimEnd().split("\n");
    const seen = lines.map((line) => line.replace(/^(.)\S{9} +(\S+) +\S+ (.*)$/, "$1 $2 $3"));
    const wanted = Object.values(odd).map((header) => {
      const time = new Date(header.mtime * 1000).toISOString().slice(0, 19).replace("T", " ");
      const link = { symlink: " -> ", hardlink: " link to " }[header.type as string];
      const name = header.type === "directory" ? `${header.path}/` : header.path;
      const owner = `${header.uid}/${header.gid}`;
      return `${TYPE_LETTER[header.type]} ${owner} ${time} ${name}${link === undefined ? "" : link + header.linkname}`;
    });
    expect(seen).toEqual(wanted);
    expect(lines[1]).toMatch(/^---------- /);
    expect(lines[2]).toMatch(/^-rwsr-sr-t /);
    expect(lines.find((line) => line.endsWith(" disk"))).toContain(" 259,1048575 ");
  });

  test("sees the whole capability", () => {
    expect(run("-tvv", "--xattrs", "--xattrs-include=*", "cap")).toMatch(/x: +20 security\.capability/);
  });

  test("extracts what can be made by anybody", () => {
    const names = ["usr/share/doc/a.txt", "mode0", "dir", "old", "newer", "abs", "broken", "uni", "hard", "naïve"];
    run("-x", "-p", "-C", dir, "--no-same-owner", ...names);
    expect(lstatSync(join(dir, "mode0")).mode & 0o7777).toBe(0);
    expect(statSync(join(dir, "old")).mtimeMs).toBe(-86_400_000);
    expect(readlinkSync(join(dir, "broken"))).toBe("../../no/where/");
    expect(readlinkSync(join(dir, "uni"))).toBe("żółw");
    expect(statSync(join(dir, "hard")).ino).toBe(statSync(join(dir, "usr/share/doc/a.txt")).ino);
    expect(statSync(join(dir, "naïve/日本語/😀.txt")).size).toBe(0);
  });

  test("reads the size of a file larger than 8 GiB", () => {
    const ran = spawnSync("tar", ["-tv", "--numeric-owner", "-f", "-"], {
      input: encodeHeader(headerOf({ size: 9 * 2 ** 30 })),
      encoding: "utf8",
    });
    expect(ran.stdout).toContain(" 9663676416 ");
  });
});

describeWithTools(["python3"], "Python's tarfile", () => {
  test("reads every field as it is", () => {
    writeFileSync(join(dir, "all.tar"), all);
    const script = `import json, sys, tarfile
out = []
for m in tarfile.open(sys.argv[1]):
    x = {k[13:]: v.encode("utf-8", "surrogateescape").hex() for k, v in m.pax_headers.items() if k.startswith("SCHILY.xattr.")}
    out.append([m.name, m.mode, m.uid, m.gid, m.uname, m.gname, m.size, int(m.mtime), m.linkname, m.devmajor, m.devminor, x])
print(json.dumps(out))`;
    const ran = spawnSync("python3", ["-c", script, join(dir, "all.tar")], {
      encoding: "utf8",
      env: { ...process.env, PYTHONIOENCODING: "utf-8" },
    });
    expect(ran.stderr).toBe("");
    expect(JSON.parse(ran.stdout)).toEqual(
      Object.values(odd).map((h) => [
        ...[h.path, h.mode, h.uid, h.gid, h.uname, h.gname, h.size, h.mtime, h.linkname, h.devMajor, h.devMinor],
        Object.fromEntries([...(h.xattrs ?? [])].map(([key, value]) => [key, Buffer.from(value).toString("hex")])),
      ]),
    );
  });
});
