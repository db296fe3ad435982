import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ImgbuildError } from "@imgbuild/errors";
import { readStoredTree } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import { type TestMember, tarOf, testStore } from "@imgbuild/testkit";
import { unpackPackage } from "./unpack-package.ts";

const cache = testStore();
const scratch = mkdtempSync(join(tmpdir(), "imgbuild-unpack-"));
let store: Store;

beforeAll(async () => {
  store = await cache.open();
});
afterAll(() => {
  cache.remove();
  rmSync(scratch, { recursive: true, force: true });
});

const MANIFEST = ["package/package.json", '{"name":"p","version":"1.0.0"}'] as const;

/** What unpacking gives: path → mode and content. */
async function unpack(tarball: Uint8Array, integrity = integrityOf(tarball)): Promise<Record<string, string>> {
  const path = join(scratch, "p.tgz");
  writeFileSync(path, tarball);
  const options = { store, signal: new AbortController().signal, progress: () => undefined };
  const { listing } = await unpackPackage({ path, integrity, title: "p@1.0.0" }, options);
  const entries = readStoredTree(store, listing).map(({ path: at, mode, content }) => {
    const text = content?.kind === "stored" ? Buffer.from(content.slice(0, Math.min(content.size, 64))).toString() : "";
    return [at, `${mode.toString(8)} ${text}`];
  });
  return Object.fromEntries(entries);
}

function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

function tgz(members: readonly (readonly [string, TestMember])[]): Buffer {
  return gzipSync(tarOf(members));
}

async function failure(tarball: Uint8Array, integrity?: string): Promise<ImgbuildError> {
  const before = blobs();
  const error: unknown = await unpack(tarball, integrity).catch((reason: unknown) => reason);
  expect(blobs()).toEqual(before);
  if (error instanceof ImgbuildError) return error;
  throw new Error(`it gave ${JSON.stringify(error)}`);
}

/** Every file of the cache: nothing may stay of what was refused. */
function blobs(): string[] {
  return readdirSync(cache.directory, { recursive: true }).map(String).sort();
}

test("files lose their first directory, whatever it is called; modes are 0644 or 0755", async () => {
  const found = await unpack(
    tgz([
      ["p-v1/package.json", "{}"],
      ["p-v1/run.sh", { type: "file", mode: 0o700 }],
      ["other/secret", { type: "file", mode: 0o600 }],
      ["p-v1/setuid", { type: "file", mode: 0o6755 }],
      ["p-v1/empty/", { type: "directory", mode: 0o777 }],
      ["top.js", "dropped"],
    ]),
  );
  expect(found).toEqual({ "package.json": "644 {}", "run.sh": "755 ", secret: "644 ", setuid: "755 " });
});

test("what package.json names as a command is executable", async () => {
  const manifest = { name: "p", bin: { a: "./cli.js", gone: "none.js" } };
  const found = await unpack(
    tgz([
      ["package/package.json", JSON.stringify(manifest)],
      ["package/cli.js", "x"],
      ["package/lib.js", "x"],
    ]),
  );
  expect(found).toMatchObject({ "cli.js": "755 x", "lib.js": "644 x" });
  const whole = { name: "p", directories: { bin: "./bin/" } };
  expect(
    await unpack(
      tgz([
        ["package/package.json", JSON.stringify(whole)],
        ["package/bin/b", "x"],
      ]),
    ),
  ).toMatchObject({ "bin/b": "755 x" });
});

test("links and devices are left out, as npm does, and nothing is written through them", async () => {
  const found = await unpack(
    tgz([
      MANIFEST,
      ["package/up", { type: "symlink", linkname: "/etc" }],
      ["package/up/passwd", "mine"],
      ["package/hard", { type: "hardlink", linkname: "/etc/passwd" }],
      ["package/null", { type: "char", devMajor: 1, devMinor: 3 }],
      ["package/pipe", { type: "fifo" }],
    ]),
  );
  expect(found).toEqual({ "package.json": `644 ${MANIFEST[1]}`, "up/passwd": "644 mine" });
});

test("names that differ in case alone are two files, names that come twice are the later one", async () => {
  const found = await unpack(
    tgz([MANIFEST, ["package/A.js", "1"], ["package/a.js", "2"], ["package/twice", "1"], ["package/twice", "2"]]),
  );
  expect(found).toMatchObject({ "A.js": "644 1", "a.js": "644 2", twice: "644 2" });
});

test("an absolute name is one below the package", async () => {
  expect(await unpack(tgz([MANIFEST, ["/package/etc/passwd", "x"]]))).toHaveProperty(["etc/passwd"], "644 x");
});

test("a .gitignore becomes .npmignore, unless there is one", async () => {
  expect(await unpack(tgz([MANIFEST, ["package/a/.gitignore", "x"]]))).toHaveProperty(["a/.npmignore"]);
  const both = await unpack(tgz([MANIFEST, ["package/.npmignore", "n"], ["package/.gitignore", "g"]]));
  expect(both).toEqual({ ".npmignore": "644 n", "package.json": expect.anything() });
});

test.each([["package/../../etc/passwd"], ["../p/x"], ["package/a/../../../x"], ["package/.."]])(
  "%s leaves the package: it is refused, and nothing of the package stays",
  async (path) => {
    const error = await failure(tgz([MANIFEST, [path, "evil"]]));
    expect(error).toMatchObject({ code: "path-escape", message: expect.stringContaining(JSON.stringify(path)) });
  },
);

test.each([
  [[MANIFEST, ["package/a", "1"], ["package/a/b", "2"]], '"a" is a file and a directory'],
  [[MANIFEST, ["package/a/b", "1"], ["package/a", "2"]], '"a" is a file and a directory'],
  [[MANIFEST, ["package/x/.wh.y", ""]], "means deletion in a layer"],
  [[["package.json", "{}"]], 'no files in a directory, wanted "package/package.json"'],
  [[["package/index.js", ""]], 'no package.json in its directory, wanted "package/package.json"'],
  [[["package/package.json", "{"]], "its package.json is not JSON"],
  [[["package/package.json", "[]"]], "its package.json is no object"],
] as const)("%j is refused", async (members, text) => {
  const error = await failure(tgz(members as readonly (readonly [string, TestMember])[]));
  expect(error).toMatchObject({ code: "invalid-archive", message: expect.stringContaining(text) });
  expect(error.message).toContain('"p@1.0.0"');
});

test("other bytes than the lock's are refused before anything is said of their content", async () => {
  const good = tgz([MANIFEST]);
  const bad = tgz([["package/../x", ""]]);
  for (const tarball of [bad, good.subarray(0, -9), Buffer.from("no gzip"), Buffer.alloc(0)]) {
    const error = await failure(tarball, integrityOf(good));
    expect(error).toMatchObject({ code: "integrity", message: expect.stringContaining(integrityOf(good)) });
  }
});

test("a tarball that is larger than memory should be is read as a stream, and checked as well", async () => {
  const zeros = Buffer.alloc(64 << 20);
  const large = gzipSync(tarOf([MANIFEST, ["package/zeros", zeros]]), { level: 1 });
  expect(Object.keys(await unpack(large))).toEqual(["package.json", "zeros"]);
  expect(await failure(large, integrityOf(zeros))).toMatchObject({ code: "integrity" });
});

test("damaged gzip data that has its integrity is a clear error", async () => {
  const cut = tgz([MANIFEST, ["package/a", "x".repeat(5000)]]).subarray(0, -20);
  expect(await failure(cut)).toMatchObject({
    code: "invalid-archive",
    message: expect.stringContaining('the package "p@1.0.0"'),
  });
});
