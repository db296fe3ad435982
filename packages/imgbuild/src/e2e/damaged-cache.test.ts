import { readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";

// Four blocks of their own in the layer, so that there is more than one compressed form to lose.
const FILES = {
  "base/image.ts":
    'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "base", copyToRoot: "./files" });\n',
  "app/image.ts":
    'import { buildImage, text, tree } from "imgbuild";\nimport base from "../base/image.ts";\nexport default buildImage({ name: "app", fromImage: base, copyToRoot: tree({ "/x": text("x") }) });\n',
  "base/files/large": Buffer.alloc(3 << 20, "imgbuild"),
  "base/files/small": "small",
};

let rig: WorkspaceRig;
let wanted: Record<string, Buffer>;
const FORMS = { gz: "docker-archive", zstd: "oci-archive" } as const;

async function archives(): Promise<Record<string, Buffer>> {
  const written: Record<string, Buffer> = {};
  for (const [compression, format] of Object.entries(FORMS)) {
    const path = join(rig.outside, compression);
    const { code, stderr } = await rig.run([
      "build",
      "//app",
      "-o",
      path,
      "--format",
      format,
      "--compression",
      compression,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("Done") as string });
    written[compression] = readFileSync(path);
  }
  return written;
}

function blobs(): string[] {
  const root = join(rig.cacheDir, "v1/blobs/sha256");
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name));
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function each(damage: (path: string) => void, step = 1): void {
  for (const [i, path] of blobs().entries()) if (i % step === 0) damage(path);
}

const index = (): string => join(rig.cacheDir, "v1/index.db");

beforeAll(async () => {
  rig = await workspaceRig({ files: FILES });
  wanted = await archives();
});
afterAll(() => rig[Symbol.asyncDispose]());

test.each<[string, () => void]>([
  ["every blob is gone", () => each(rmSync)],
  ["every blob has a flipped bit", () => each(flip)],
  ["every blob is cut short", () => each((path) => truncateSync(path, 1))],
  ["every blob is empty", () => each((path) => truncateSync(path, 0))],
  ["every second blob is gone", () => each(rmSync, 2)],
  ["the index is noise", () => writeFileSync(index(), Buffer.alloc(5000, "noise"))],
  ["the index is gone, its journal stays", () => rmSync(index())],
  ["the index is cut short", () => truncateSync(index(), 4096)],
  ["the whole cache is gone", () => rmSync(rig.cacheDir, { recursive: true })],
])("after %s, the next build writes the same bytes", async (_, damage) => {
  // A tick of the clock that file systems use.
  await setTimeout(20);
  damage();
  const again = await archives();
  for (const [compression, bytes] of Object.entries(wanted)) expect(again[compression]?.equals(bytes)).toBe(true);
  const { code, stdout } = await rig.run(["cache", "verify"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(" 0 damaged") as string });
});

test("what a clean-up removed is made again, the same", async () => {
  for (const path of blobs()) utimesSync(path, 1, 1);
  expect((await rig.run(["cache", "gc", "--max-size", "0"])).code).toBe(0);
  expect(blobs()).toEqual([]);
  const again = await archives();
  for (const [compression, bytes] of Object.entries(wanted)) expect(again[compression]?.equals(bytes)).toBe(true);
});
