import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ChildScript, childScript, testStore } from "@imgbuild/testkit";
import { openStore } from "./open-store.ts";

const hint = expect.stringMatching(/--cache-dir DIR or IMGBUILD_CACHE_DIR/);
const open = (directory: string) => openStore({ directory, now: Date.now, pid: process.pid });

test("a new cache is marked as one for backup programs and git; files that are there stay as they are", async () => {
  const rig = testStore();
  mkdirSync(rig.directory);
  writeFileSync(join(rig.directory, ".gitignore"), "mine");
  await rig.open();
  expect(readFileSync(join(rig.directory, ".gitignore"), "utf8")).toBe("mine");
  expect(readFileSync(join(rig.directory, "CACHEDIR.TAG"), "utf8")).toMatch(
    /^Signature: 8a477f597d28d172789f06886806bc55\n/,
  );
  rig.remove();
  const fresh = testStore();
  await fresh.open();
  expect(readFileSync(join(fresh.directory, ".gitignore"), "utf8")).toBe("*\n!README.md\n");
  fresh.remove();
});

test.each([
  ["is a file", (path: string) => writeFileSync(path, "file")],
  ["is below a file", (path: string) => writeFileSync(dirname(path), "file")],
  ["is a link in a circle", (path: string) => symlinkSync(path, path)],
  [
    "holds what is no cache",
    (path: string) => {
      mkdirSync(path);
      writeFileSync(join(path, "precious.txt"), "");
    },
  ],
  [
    "has a file for v1",
    (path: string) => {
      mkdirSync(path);
      writeFileSync(join(path, "v1"), "");
    },
  ],
  [
    "has a directory for its lock file",
    (path: string) => {
      mkdirSync(join(path, "v1/blobs/sha256"), { recursive: true });
      mkdirSync(join(path, "v1/use.lock"));
    },
  ],
])("a cache directory that %s is refused, naming it and saying what to do", async (what, prepare) => {
  const rig = testStore();
  const place = join(rig.directory, "parent");
  mkdirSync(rig.directory);
  const path = join(place, "cache");
  if (what !== "is below a file") mkdirSync(place);
  prepare(path);
  await expect(open(path)).rejects.toMatchObject({
    code: "cache-unusable",
    message: expect.stringContaining(`"${path}"`),
    hint,
  });
  if (what === "holds what is no cache") expect(readdirSync(path)).toEqual(["precious.txt"]);
  rig.remove();
});

describe("without the right to write", () => {
  const isRoot = process.getuid?.() === 0;
  const uid = isRoot ? { uid: 65_534 } : {};
  let opener: ChildScript;
  beforeAll(() => {
    opener = childScript(
      `import { openStore } from "@imgbuild/store";
       openStore({ directory: process.argv[2], now: Date.now, pid: process.pid }).then(
         (store) => { store.facts.set("a", "b", "c"); store.close(); console.log("works"); },
       ).catch((error) => console.log(JSON.stringify({ code: error.code, hint: error.hint, message: error.message })));`,
      join(__dirname, "../../.."),
    );
  });
  afterAll(() => opener.remove());

  test.each(["a new cache", "an existing cache"])("%s is refused with a hint", async (which) => {
    const rig = testStore();
    if (which === "an existing cache") (await rig.open()).close();
    else mkdirSync(rig.directory);
    for (const path of [rig.directory, dirname(rig.directory)]) chmodSync(path, 0o555);
    if (!isRoot) for (const path of ["v1", "v1/index.db"]) rmSafeChmod(join(rig.directory, path));
    const { stdout, stderr } = await opener.start([rig.directory], uid).ended();
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      code: "cache-unusable",
      hint,
      message: expect.stringContaining(rig.directory),
    });
    for (const path of [rig.directory, dirname(rig.directory)]) chmodSync(path, 0o755);
    rig.remove();
  });
});

test("a lock file that somebody wrote into hinders nothing but the collection of garbage", async () => {
  const rig = testStore();
  (await rig.open()).close();
  writeFileSync(join(rig.directory, "v1/use.lock"), "garbage ".repeat(200));
  writeFileSync(join(rig.directory, "v1/rebuild.lock"), "garbage ".repeat(200));
  writeFileSync(join(rig.directory, "v1/index.db"), "garbage ".repeat(200));
  const store = await rig.open();
  store.facts.set("a", "b", "c");
  expect(store.facts.get("a", "b")).toBe("c");
  expect(() => store.gc({ now: Date.now(), dryRun: false })).toThrow(
    expect.objectContaining({ code: "cache-unusable" }),
  );
  rig.remove();
});

test("stats count what is on disk", async () => {
  const rig = testStore();
  const store = await rig.open();
  store.blobs.put(Buffer.from("12345"));
  store.blobs.put(Buffer.from("1234567"));
  store.traces.record("key", { output: "{}", durationMs: 1, blobs: [] });
  expect(store.stats()).toMatchObject({ directory: rig.directory, blobs: 2, blobBytes: 12, traces: 1, segments: 0 });
  expect(store.stats().indexBytes).toBeGreaterThan(4096);
  rig.remove();
});

function rmSafeChmod(path: string): void {
  try {
    chmodSync(path, 0o555);
  } catch {
    rmSync(path, { force: true });
  }
}
