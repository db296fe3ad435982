import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  describeWithTools,
  startFaultServer,
  type TestMember,
  tarOf,
  type WorkspaceRig,
  workspaceRig,
} from "@imgbuild/testkit";
import { builtKinds, rootfsOf } from "./rootfs-of.ts";

/** A definition whose image has the unpacked archive at /x. */
function image(archive: string, options = "{}"): string {
  return `import { buildImage, fetchUrl, path, runCommand, tree, unpack } from "imgbuild";
export default buildImage({ name: "x", copyToRoot: tree({ "/x": unpack(${archive}, ${options}) }) });
`;
}

async function workspace(archive: Uint8Array, options?: string): Promise<WorkspaceRig> {
  return workspaceRig({ files: { "app/image.ts": image('"./archive"', options), "app/archive": archive } });
}

/** Paths in the image below /x. */
async function paths(rig: WorkspaceRig): Promise<string[]> {
  const { listing } = await rootfsOf(rig);
  return listing.map((line) => line.replace(/^\S+ \S+ (?:x\/)?/, "")).filter((path) => path !== "");
}

/** A real directory tree with files of all kinds. */
function realTree(rig: WorkspaceRig): string {
  const top = join(rig.outside, "pkg-1.0");
  mkdirSync(join(top, "bin"), { recursive: true });
  mkdirSync(join(top, "share/doc/empty"), { recursive: true });
  writeFileSync(join(top, "bin/tool"), "#!/bin/sh\n");
  chmodSync(join(top, "bin/tool"), 0o4711);
  writeFileSync(join(top, "share/doc/über ü.txt"), "text\n".repeat(10_000));
  chmodSync(join(top, "share/doc/über ü.txt"), 0o600);
  linkSync(join(top, "bin/tool"), join(top, "bin/again"));
  symlinkSync("../share/doc", join(top, "bin/doc"));
  symlinkSync("/etc/passwd", join(top, "share/absolute"));
  return top;
}

const REAL = [
  "drwxr-xr-x 0/0 x/",
  "drwxr-xr-x 0/0 x/bin/",
  "-rwxr-xr-x 0/0 x/bin/again",
  "lrwxrwxrwx 0/0 x/bin/doc -> ../share/doc",
  "-rwxr-xr-x 0/0 x/bin/tool",
  "drwxr-xr-x 0/0 x/share/",
  "lrwxrwxrwx 0/0 x/share/absolute -> /etc/passwd",
  "drwxr-xr-x 0/0 x/share/doc/",
  "drwxr-xr-x 0/0 x/share/doc/empty/",
  "-rw-r--r-- 0/0 x/share/doc/über ü.txt",
];

describeWithTools(["tar", "xz", "zstd"], "archives of GNU tar", () => {
  test.each(["none", "gzip", "zstd", "xz"])("%s: files, links, modes of a layer", async (compression) => {
    await using rig = await workspaceRig({ files: { "app/image.ts": image('"./archive"', "{ strip: 1 }") } });
    const flag = compression === "none" ? [] : [`--${compression}`];
    const top = realTree(rig);
    execFileSync("tar", ["-cf", rig.path("app/archive"), ...flag, "-C", rig.outside, "pkg-1.0"]);
    const { listing, content } = await rootfsOf(rig);
    expect(listing).toEqual(REAL);
    expect(content("x/bin/again")).toBe("#!/bin/sh\n");
    expect(existsSync(top)).toBe(true);
  });
});

describeWithTools(["python3"], "zip", () => {
  const PYTHON = `
import sys, zipfile, stat
z = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)
def add(name, data, mode, kind=stat.S_IFREG):
    i = zipfile.ZipInfo(name); i.create_system = 3; i.external_attr = (kind | mode) << 16; i.compress_type = zipfile.ZIP_DEFLATED
    z.writestr(i, data)
exec(sys.argv[2])
z.close()`;
  const zip = (rig: WorkspaceRig, script: string) =>
    execFileSync("python3", ["-c", PYTHON, rig.path("app/archive"), script]);

  test("files, modes and links; patterns choose", async () => {
    await using rig = await workspace(Buffer.from(""), '{ strip: 1, exclude: "**/*.md" }');
    zip(
      rig,
      `
add("p/", "", 0o755, stat.S_IFDIR); add("p/run", "hello" * 10000, 0o755); add("p/a.md", "no", 0o644)
add("p/lib/x.so", "", 0o600); add("p/link", "lib/x.so", 0o777, stat.S_IFLNK)`,
    );
    const { listing, content } = await rootfsOf(rig);
    expect(listing).toEqual([
      "drwxr-xr-x 0/0 x/",
      "drwxr-xr-x 0/0 x/lib/",
      "-rw-r--r-- 0/0 x/lib/x.so",
      "lrwxrwxrwx 0/0 x/link -> lib/x.so",
      "-rwxr-xr-x 0/0 x/run",
    ]);
    expect(content("x/run")).toBe("hello".repeat(10_000));
  });

  test.each([
    ["a path that leaves", 'add("a/../../evil", "x", 0o644)', '"a/../../evil"', 2],
    ["an absolute path", 'add("/etc/evil", "x", 0o644)', '"/etc/evil"', 2],
    ["a link that leaves", 'add("l", "../../etc", 0o777, stat.S_IFLNK)', '"l"', 2],
    ["a file behind a link", 'add("l", "/etc", 0o777, stat.S_IFLNK); add("l/evil", "x", 0o644)', '"l/evil"', 2],
    ["a device", 'add("d", "", 0o644, stat.S_IFCHR)', '"d"', 1],
  ])("%s is refused with its name", async (_, script, name, code) => {
    await using rig = await workspace(Buffer.from(""));
    zip(rig, script);
    const result = await rig.run(["build", "//app"]);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(`Cannot unpack ${name} of path "//app/archive"`);
  });

  test("damage is found by the checksum of the member", async () => {
    await using rig = await workspace(Buffer.from(""));
    zip(rig, 'z.writestr("stored", "0123456789" * 50)');
    const bytes = readFileSync(rig.path("app/archive"));
    const at = bytes.indexOf("stored") + 10;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    rig.write("app/archive", bytes);
    const result = await rig.run(["build", "//app"]);
    expect({ code: result.code, stderr: result.stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Cannot unpack "stored" of path "//app/archive"'),
    });
  });
});

describe("hostile and odd tars", () => {
  const link = (linkname: string): TestMember => ({ type: "symlink", linkname, mode: 0o777 });
  test.each<[string, readonly (readonly [string, TestMember])[], string, number]>([
    ["a path that leaves", [["a/../../evil", "x"]], '"a/../../evil"', 2],
    [
      "a file behind a link",
      [
        ["l", link("/etc")],
        ["l/evil", "x"],
      ],
      '"l/evil"',
      2,
    ],
    ["a link that leaves", [["d/l", link("../../etc/passwd")]], '"d/l"', 2],
    ["a hard link to what is not there", [["h", { type: "hardlink", linkname: "none" }]], '"h"', 1],
    ["a device", [["null", { type: "char", devMajor: 1, devMinor: 3 }]], '"null"', 1],
    ["a pipe", [["p", { type: "fifo" }]], '"p"', 1],
    [
      "a file that becomes a directory",
      [
        ["a", "x"],
        ["a/b", "y"],
      ],
      '"a/b"',
      1,
    ],
    [
      "a directory that becomes a link",
      [
        ["a/b", "y"],
        ["a", link("/etc")],
      ],
      '"a"',
      1,
    ],
    ["a mark of deletion", [["a/.wh.b", ""]], '"a/.wh.b"', 1],
  ])("%s is refused with its name, and nothing of the archive is kept", async (_, members, name, code) => {
    await using rig = await workspace(tarOf([["fine", "secret content"], ...members]));
    const result = await rig.run(["build", "//app"]);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(`Cannot unpack ${name} of path "//app/archive"`);
    expect(blobs(rig).some((file) => readFileSync(file).includes("secret content"))).toBe(false);
  });

  test("what is refused may be left out", async () => {
    const archive = tarOf([
      ["dev/null", { type: "char", devMajor: 1, devMinor: 3 }],
      ["a", "x"],
      ["l", link("../..")],
    ]);
    await using rig = await workspace(archive, '{ exclude: ["dev", "l"] }');
    expect(await paths(rig)).toEqual(["a"]);
  });

  test("of two members with one path the later counts; a hard link keeps what it was made of", async () => {
    const hard: TestMember = { type: "hardlink", linkname: "a" };
    await using rig = await workspace(
      tarOf([
        ["a", "one"],
        ["h", hard],
        ["a", "two"],
      ]),
    );
    const { content } = await rootfsOf(rig);
    expect([content("x/a"), content("x/h")]).toEqual(["two", "one"]);
  });

  test.each([
    ["text", Buffer.from("no archive at all, just text"), "it is no tar and no zip"],
    ["an empty file", Buffer.alloc(0), "it is empty"],
    ["a cut archive", tarOf([["a", "x".repeat(5000)]]).subarray(0, 2000), "Cannot unpack path"],
    ["bzip2", Buffer.from("425a6839314159265359", "hex"), "it is compressed by bzip2"],
    ["a Debian package", Buffer.from("!<arch>\ndebian-binary"), "such as a Debian package"],
  ])("%s is a clear error", async (_, archive, message) => {
    await using rig = await workspace(archive);
    const result = await rig.run(["build", "//app"]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(message);
    expect(result.stderr).toContain("//app/archive");
  });

  test("patterns that leave nothing are an error", async () => {
    await using rig = await workspace(
      tarOf([
        ["a/b", "x"],
        ["a/c", "y"],
      ]),
      "{ strip: 3 }",
    );
    expect((await rig.run(["build", "//app"])).stderr).toContain("none of its 2 members is left");
  });

  test("a directory is no archive", async () => {
    await using rig = await workspaceRig({ files: { "app/image.ts": image('"./dir"'), "app/dir/a": "" } });
    expect((await rig.run(["build", "//app"])).stderr).toContain('path "//app/dir": it is a directory');
  });
});

test("takes a download and what a command makes; one unpacked file can be placed alone", async () => {
  const archive = tarOf({ "p/a": "A", "p/b": "B" });
  const server = await startFaultServer({ "/p.tar": archive });
  try {
    const hash = createHash("sha256").update(archive).digest("hex");
    await using rig = await workspaceRig({
      files: {
        "app/image.ts": image(
          `fetchUrl({ url: "${server.url}/p.tar", hash: "${hash}" })`,
          '{ strip: 1, include: "a" }',
        ),
      },
    });
    expect(await paths(rig)).toEqual(["a"]);
    rig.write(
      "app/image.ts",
      image(`runCommand({ command: "mkdir d; echo x > d/y; tar -cf out.tar d", outputs: "out.tar" })`),
    );
    const result = await rig.run(["build", "//app", "--json"]);
    expect(builtKinds(result)).toEqual(["image", "layer", "runCommand", "unpack"]);
    expect(await paths(rig)).toEqual(["d/", "d/y"]);
  } finally {
    await server.close();
  }
});

function blobs(rig: WorkspaceRig): string[] {
  return readdirSync(rig.cacheDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes("sha256"))
    .map((entry) => join(entry.parentPath, entry.name));
}
