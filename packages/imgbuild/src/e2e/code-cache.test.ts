import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CLI_PATH } from "@imgbuild/testkit";

const installed = join(dirname(CLI_PATH), "..");
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "imgbuild-code-cache-"));
  for (const name of ["bin", "dist", "package.json"])
    cpSync(join(installed, name), join(root, name), { recursive: true });
  for (const name of caches()) rmSync(join(root, "dist", name));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const caches = () => readdirSync(join(root, "dist")).filter((name) => name.endsWith(".cache"));
const cacheFile = () => join(root, "dist", caches()[0] ?? "none");
const run = () => {
  const done = spawnSync(process.execPath, [join(root, "bin/imgbuild.cjs"), "completion", "bash"], {
    encoding: "utf8",
  });
  return { status: done.status, stderr: done.stderr, lines: done.stdout.split("\n").length > 5 };
};
const WELL = { status: 0, stderr: "", lines: true };

test("the first run makes a code cache, and the next one leaves it as it is", () => {
  expect(run()).toEqual(WELL);
  expect(caches()).toHaveLength(1);
  const made = readFileSync(cacheFile());
  expect(run()).toEqual(WELL);
  expect(readFileSync(cacheFile()).equals(made)).toBe(true);
});

test.each([
  ["with a changed byte", (bytes: Buffer) => bytes.fill(bytes.readUInt8(9_000) ^ 1, 9_000, 9_001)],
  ["that was cut short", (bytes: Buffer) => bytes.subarray(0, 5_000)],
  ["that is empty", () => Buffer.alloc(0)],
  ["of another bundle", (bytes: Buffer) => bytes.fill(0, 0, 32)],
])("a code cache %s is not used, and is made again", (_, change) => {
  run();
  const good = readFileSync(cacheFile());
  writeFileSync(cacheFile(), change(Buffer.from(good)));
  expect(run()).toEqual(WELL);
  expect(readFileSync(cacheFile()).subarray(0, 32).equals(good.subarray(0, 32))).toBe(true);
  expect(readFileSync(cacheFile()).length).toBeGreaterThan(100_000);
});

test("an installation in which no cache can be written works", () => {
  run();
  const file = cacheFile();
  rmSync(file);
  mkdirSync(file);
  expect(run()).toEqual(WELL);
  expect(readdirSync(join(root, "dist")).filter((name) => /\.cache\.\d+$/.test(name))).toEqual([]);
});
