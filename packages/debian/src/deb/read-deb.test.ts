import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describeWithTools } from "@imgbuild/testkit";
import fc from "fast-check";
import { checkedStream } from "../archive/expected-bytes.ts";
import { controlOf, type Member, makeAr, makeDeb, makeTar } from "../testing/make-deb.ts";
import { collect, inPieces } from "../testing/streams.ts";
import { scriptNames } from "./deb-control.ts";
import { readDeb } from "./read-deb.ts";

const what = "demo.deb";
const read = async (bytes: Uint8Array, size?: number): Promise<readonly (readonly [path: string, text: string])[]> => {
  const deb = await readDeb(inPieces(bytes, size), { what });
  const members: [string, string][] = [];
  for await (const { header, content } of deb.data) {
    const text =
      header.type === "file" ? (await collect(content)).toString() : `${header.type} ${header.linkname}`.trim();
    members.push([header.path, text]);
  }
  return members;
};
const dir = (path: string): Member => ({ path, type: "directory" });
const link = (path: string, linkname: string): Member => ({ path, type: "symlink", linkname });
const hard = (path: string, linkname: string): Member => ({ path, type: "hardlink", linkname });
const file = (path: string, text = ""): Member => ({ path, text });

describe("reading a package", () => {
  test("control, configuration files, sums and scripts", async () => {
    const controlFiles = {
      conffiles: "/etc/demo.conf\nremove-on-upgrade /etc/old\n",
      md5sums: `${"a".repeat(32)}  usr/bin/demo\n`,
      postinst: "#!/bin/sh\n",
      triggers: "",
    };
    const { control, close } = await readDeb(inPieces(makeDeb({ controlFiles })), { what });
    expect(control).toMatchObject({
      name: "demo",
      version: "1.0",
      architecture: "amd64",
      conffiles: ["/etc/demo.conf"],
    });
    expect([...control.md5sums]).toEqual([["usr/bin/demo", "a".repeat(32)]]);
    expect(scriptNames(control)).toEqual(["postinst"]);
    expect([...control.files.keys()]).toEqual(["control", "conffiles", "md5sums", "postinst", "triggers"]);
    await close();
  });

  test("data, in pieces of any size, in any compression, the root left out", async () => {
    const data = [
      dir("./"),
      dir("usr"),
      dir("usr/bin"),
      file("usr/bin/demo", "hi"),
      link("usr/bin/d", "../../x"),
      hard("usr/bin/e", "usr/bin/demo"),
    ];
    const tar = makeTar(data.map((member) => (member.path === "./" ? dir(".") : member)));
    const control = gzipSync(makeTar([file("control", controlOf())]));
    const packages = [
      makeAr([
        ["debian-binary", "2.0\n"],
        ["control.tar.gz", control],
        ["data.tar.gz", gzipSync(tar)],
      ]),
      makeAr([
        ["debian-binary/", "2.1\nmore\n"],
        ["_extra", "x"],
        ["control.tar.gz", control],
        ["_y", "xyz"],
        ["data.tar", tar],
        ["later", "z"],
      ]),
    ];
    for (const bytes of packages) {
      for (const size of [1, 61, 100_000]) {
        expect(await read(bytes, size)).toEqual([
          ["usr", "directory"],
          ["usr/bin", "directory"],
          ["usr/bin/demo", "hi"],
          ["usr/bin/d", "symlink ../../x"],
          ["usr/bin/e", "hardlink usr/bin/demo"],
        ]);
      }
    }
  });

  test("a wrong digest is found also where it makes no difference to what is read", async () => {
    const bytes = makeAr([
      ["debian-binary", "2.0\n"],
      ["control.tar", makeTar([file("control", controlOf())])],
      ["data.tar", makeTar([])],
      ["later", "z"],
    ]);
    const source = checkedStream(inPieces(bytes), { what, size: bytes.length, sha256: "0".repeat(64) });
    const deb = await readDeb(source, { what });
    const drain = async () => {
      for await (const _ of deb.data);
    };
    await expect(drain()).rejects.toMatchObject({ code: "integrity" });
  });

  test("the source is closed when the data is left, and when the package is refused", async () => {
    const closed: string[] = [];
    const deb = await readDeb(
      inPieces(makeDeb({ data: [file("a"), file("b")] }), 64, () => closed.push("left")),
      { what },
    );
    for await (const _ of deb.data) break;
    await expect(
      readDeb(
        inPieces(Buffer.alloc(1000), 64, () => closed.push("refused")),
        { what },
      ),
    ).rejects.toThrow("no ar");
    expect(closed).toEqual(["left", "refused"]);
  });
});

describe("a package that leaves its root", () => {
  test.each([
    ["by ..", [file("usr/../../etc/passwd")]],
    ["by .. at the start", [file("../x")]],
    ["through a link it brought", [link("a", "/etc"), file("a/passwd")]],
    ["through a link deeper down", [dir("usr"), link("usr/a", "../../.."), dir("usr/a/b")]],
    ["through a link that is spelled otherwise", [link("./a", "/etc"), file(".//a/passwd")]],
    ["with a hard link to outside", [hard("a", "../../etc/shadow")]],
    ["with a hard link through a link", [link("a", "/etc"), hard("b", "a/shadow")]],
  ])("%s is refused by name", async (_, data) => {
    const failure = read(makeDeb({ data }));
    await expect(failure).rejects.toMatchObject({
      code: "path-escape",
      message: expect.stringContaining('package "demo"'),
    });
  });

  test.each([
    ["a link over a directory", [dir("a"), link("a", "/etc")]],
    ["a file over a link", [link("a", "/etc/passwd"), file("a", "x")]],
    ["a directory over a link", [link("a", "/etc"), dir("a")]],
    ["two files of one name", [file("a"), file("./a")]],
    ["a file below a file", [file("a"), file("a/b")]],
    ["a hard link to nothing", [hard("a", "etc/shadow")]],
    ["a link in the root's place", [link("./.", "/etc")]],
    ["a hard link to a link", [link("a", "/etc/shadow"), hard("b", "a")]],
  ])("%s is refused", async (_, data) => {
    await expect(read(makeDeb({ data }))).rejects.toMatchObject({ code: "invalid-archive" });
  });

  test("links to outside are kept as they are: nothing of the package goes through them", async () => {
    const data = [dir("etc"), link("etc/up", "../../.."), link("etc/abs", "/usr/share/x")];
    expect(await read(makeDeb({ data }))).toEqual([
      ["etc", "directory"],
      ["etc/up", "symlink ../../.."],
      ["etc/abs", "symlink /usr/share/x"],
    ]);
  });
});

describe("a package that is none", () => {
  const binary = ["debian-binary", "2.0\n"] as const;
  const control = ["control.tar", makeTar([file("control", controlOf())])] as const;
  const data = ["data.tar", makeTar([])] as const;
  test.each([
    ["nothing", Buffer.alloc(0), "it is no ar archive"],
    ["no members", makeAr([]), 'it has no member "debian-binary"'],
    ["no data", makeAr([binary, control]), 'it has no member "data.tar"'],
    ["another order", makeAr([binary, data, control]), 'the member "data.tar" where "control.tar" was wanted'],
    ["another format", makeAr([["debian-binary", "3.0\n"], control, data]), 'its format is "3.0", wanted 2.x'],
    ["bzip2", makeAr([binary, control, ["data.tar.bz2", "BZh9"]]), '"data.tar.bz2" is not in xz, gzip or zstd'],
    ["bzip2 under another name", makeAr([binary, control, ["data.tar.gz", "BZh91AY&SY"]]), "bzip2"],
    [
      "damaged data",
      makeAr([binary, control, ["data.tar.gz", gzipSync("x".repeat(999)).subarray(0, 20)]]),
      'Cannot read package "demo": cannot read the archive at offset 512',
    ],
    ["cut off", makeAr([binary, control, data]).subarray(0, 400), "it ends within the member"],
    [
      "a size that is no number",
      Buffer.from(makeAr([binary]).toString("latin1").replace("4         `", "-4        `"), "latin1"),
      'the size of "debian-binary" is "-4"',
    ],
    [
      "a wrong end of a header",
      Buffer.from(makeAr([binary]).toString("latin1").replace("`\n", "xx"), "latin1"),
      "does not end as it should",
    ],
    ["no control file", makeAr([binary, ["control.tar", makeTar([])], data]), "no file control"],
    [
      "a link as control",
      makeAr([binary, ["control.tar", makeTar([link("control", "/etc/passwd")])], data]),
      'has the symlink "control"',
    ],
    ["a bad name", makeDeb({ control: controlOf().replace("demo", "../demo") }), 'its name is "../demo"'],
    ["a bad version", makeDeb({ control: controlOf().replace("1.0", "1/0") }), 'its version is "1/0"'],
    ["a bad architecture", makeDeb({ control: controlOf().replace("amd64", "../x") }), 'its architecture is "../x"'],
    ["relative configuration files", makeDeb({ controlFiles: { conffiles: "etc/x\n" } }), "wanted an absolute path"],
    ["sums that are none", makeDeb({ controlFiles: { md5sums: "zz usr/x\n" } }), "its md5sums has"],
  ])("%s is refused", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
  });

  test("any cut or changed byte gives an error of ours or a package, never another error", async () => {
    const whole = makeDeb({ data: [dir("a"), file("a/b", "text"), link("c", "a")] });
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
        const bytes = cut ? whole.subarray(0, at) : Buffer.from(whole);
        if (!cut) bytes[at] = byte;
        const outcome = await read(bytes, 100).then(
          () => "read",
          (error: unknown) => (error instanceof Error ? error.name : "?"),
        );
        expect(["read", "ImgbuildError"]).toContain(outcome);
      }),
      { numRuns: 150 },
    );
  });
});

describeWithTools(["dpkg-deb"], "packages that dpkg-deb makes", () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "imgbuild-deb-"));
    for (const path of ["tree/DEBIAN", "tree/etc", "tree/usr/bin"]) mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, "tree/DEBIAN/control"), controlOf("Section: misc\nPriority: optional\n"));
    writeFileSync(join(root, "tree/DEBIAN/conffiles"), "/etc/demo.conf\n");
    writeFileSync(join(root, "tree/etc/demo.conf"), "a=1\n");
    writeFileSync(join(root, "tree/usr/bin/demo"), "x".repeat(100_000));
    symlinkSync("demo", join(root, "tree/usr/bin/also"));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test.each(["xz", "gzip", "zstd", "none"])("in %s", async (compression) => {
    const out = join(root, `${compression}.deb`);
    const run = spawnSync("dpkg-deb", [`-Z${compression}`, "--root-owner-group", "-b", join(root, "tree"), out], {
      encoding: "utf8",
    });
    if (run.status !== 0 && compression === "zstd") return;
    expect(run.stderr).toBe("");
    expect(
      (await read(readFileSync(out))).map(([path, text]) => `${path} ${text.length > 99 ? text.length : text.trim()}`),
    ).toEqual([
      "etc directory",
      "etc/demo.conf a=1",
      "usr directory",
      "usr/bin directory",
      "usr/bin/demo 100000",
      "usr/bin/also symlink demo",
    ]);
  });
});
