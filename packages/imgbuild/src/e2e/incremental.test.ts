import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type CliEvent, type CliResult, describeWithTools, type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";

/** An application on a base, and a second image beside it: three layers. */
const FILES = {
  "base/image.ts":
    'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "base", copyToRoot: "./lib" });\n',
  "base/lib/one.so": "one\n",
  "base/lib/two.so": "two\n",
  "app/image.ts": [
    'import { buildImage, tree } from "imgbuild";',
    'import base from "../base/image.ts";',
    'export default buildImage({ name: "app", fromImage: base, copyToRoot: tree({ "/app": "./src" }) });\n',
  ].join("\n"),
  "app/src/main.js": "main\n",
  "app/src/deep/er/util.js": "util\n",
  "other/image.ts":
    'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "other", copyToRoot: "./data" });\n',
  "other/data/file": "other\n",
};

const ALL_STEPS = [
  "base-layers //app",
  "image //app",
  "image //base",
  "image //other",
  "layer //app",
  "layer //base",
  "layer //other",
];

async function build(rig: WorkspaceRig, ...more: readonly string[]): Promise<CliResult> {
  const result = await rig.run(["build", "//...", "--json", ...more]);
  expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: "" });
  return result;
}

function ofType(result: CliResult, type: string): readonly CliEvent[] {
  return result.events.filter((event) => event.type === type);
}

/** `layer //app` for each step that was built. */
function built(result: CliResult): readonly string[] {
  const steps = ofType(result, "step.end").filter((event) => event.result === "built");
  return steps.map((event) => `${String(event.kind)} ${String(event.label)}`).sort();
}

function digests(result: CliResult): Readonly<Record<string, unknown>> {
  return Object.fromEntries(ofType(result, "target.done").map((event) => [String(event.label), event.digest]));
}

/** Snapshots of files that were just written are not trusted: their next change could leave the same time. */
async function settle(rig: WorkspaceRig): Promise<void> {
  await new Promise((done) => setTimeout(done, 2_100));
  await build(rig);
}

test("a second build opens no file, hashes nothing and builds nothing", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const first = await build(rig);
  expect(built(first)).toEqual(ALL_STEPS);
  await settle(rig);
  const second = await build(rig);
  expect(ofType(second, "sweep.done")).toEqual([expect.objectContaining({ files: 5, filesOpened: 0, bytesHashed: 0 })]);
  expect(ofType(second, "eval.done")).toEqual([expect.objectContaining({ cached: true })]);
  expect(built(second)).toEqual([]);
  expect(digests(second)).toEqual(digests(first));
  const plain = await rig.run(["build", "//..."]);
  expect(plain.stderr).toMatch(/^Done in .*: 7 hits/);
});

describeWithTools(["strace"], "the kernel's view of a second build", () => {
  test("no source file is opened", async () => {
    await using rig = await workspaceRig({ files: FILES });
    await build(rig);
    await settle(rig);
    const log = join(rig.outside, "trace");
    await rig.run(["build", "//..."], { wrap: ["strace", "-f", "-y", "-e", "trace=open,openat", "-o", log] });
    const opened = [...readFileSync(log, "utf8").matchAll(/= \d+<([^>]*)>/g)].map((match) => match[1] ?? "");
    expect(opened.length).toBeGreaterThan(20);
    const sources = opened.filter((path) => path.startsWith(`${rig.root}/`) && !path.startsWith(rig.cacheDir));
    // Directories are listed, and that is all.
    expect(sources.filter((path) => !statSync(path).isDirectory())).toEqual([]);
  });
});

test("one changed file builds one layer: the plan says so before, and the reason names the file", async () => {
  await using rig = await workspaceRig({ files: FILES });
  await build(rig);
  rig.write("app/src/deep/er/util.js", "util, changed\n");
  const plan = await rig.run(["plan", "//...", "--json"]);
  const steps = ofType(plan, "plan.done").flatMap(
    (event) => event.steps as { kind: string; label: string; state: string }[],
  );
  const stated = steps.map(({ state, kind, label }) => `${state} ${kind} ${label}`).sort();
  expect(stated).toEqual([
    "build layer //app",
    "hit base-layers //app",
    "hit image //base",
    "hit image //other",
    "hit layer //base",
    "hit layer //other",
    "maybe image //app",
  ]);
  const after = await build(rig);
  for (const result of [plan, after]) {
    expect(ofType(result, "target.why")).toEqual([
      expect.objectContaining({
        label: "//app",
        reason: "files-changed",
        message: "1 file changed (app/src/deep/er/util.js)",
        paths: ["app/src/deep/er/util.js"],
      }),
    ]);
  }
  expect(built(after)).toEqual(["image //app", "layer //app"]);
});

test("a plan builds nothing and changes no later answer", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const once = await rig.run(["plan", "//..."]);
  const twice = await rig.run(["plan", "//..."]);
  expect(twice.stdout).toBe(once.stdout);
  expect(once.lines.filter((line) => /^(build|maybe) /.test(line))).toHaveLength(7);
  expect(built(await build(rig))).toEqual(ALL_STEPS);
});

test("going back to an earlier content is all hits", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const a = await build(rig);
  rig.write("base/lib/one.so", "another one\n");
  const b = await build(rig);
  rig.write("base/lib/one.so", FILES["base/lib/one.so"]);
  const again = await build(rig);
  expect(built(again)).toEqual([]);
  expect(digests(again)).toEqual(digests(a));
  expect(digests(b)["//app"]).not.toBe(digests(a)["//app"]);
});

test("a rewrite of equal size with the modification time put back is noticed", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const before = await build(rig);
  await settle(rig);
  const { atimeMs, mtimeMs } = statSync(rig.path("other/data/file"));
  expect(atimeMs).toBeGreaterThan(0);
  rig.write("other/data/file", "OTHER\n");
  rig.touch("other/data/file", mtimeMs / 1000);
  const after = await build(rig);
  expect(digests(after)["//other"]).not.toBe(digests(before)["//other"]);
  expect(built(after)).toEqual(["image //other", "layer //other"]);
});

test("a rewrite of equal size right after a build is noticed, again and again", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const seen = new Set<unknown>();
  for (const content of ["abc\n", "abd\n", "abe\n", "abf\n"]) {
    rig.write("other/data/file", content);
    rig.touch("other/data/file", 1_000_000_000);
    seen.add(digests(await build(rig))["//other"]);
  }
  expect(seen.size).toBe(4);
});

test("new times alone, and a comment in a definition, build nothing", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const before = await build(rig);
  for (const file of Object.keys(FILES)) rig.touch(file, 1_234_567_890);
  rig.write("app/image.ts", `// A comment.\n${FILES["app/image.ts"]}`);
  const after = await build(rig);
  expect(built(after)).toEqual([]);
  expect(digests(after)).toEqual(digests(before));
});

const CHANGES: Readonly<Record<string, (rig: WorkspaceRig) => void>> = {
  "a new file": (rig) => rig.write("other/data/new", "new\n"),
  "a file that is gone": (rig) => rig.remove("base/lib/two.so"),
  "a file under a new name": (rig) => renameSync(rig.path("other/data/file"), rig.path("other/data/renamed")),
  "a file that became a directory": (rig) => {
    rig.remove("other/data/file");
    rig.write("other/data/file/inside", "x");
  },
  "a file that became a link": (rig) => {
    rig.remove("other/data/file");
    symlinkSync("elsewhere", rig.path("other/data/file"));
  },
  "a file that became executable": (rig) => rig.chmod("other/data/file", 0o755),
  "a new empty directory": (rig) => mkdirSync(rig.path("other/data/empty")),
  "two files that changed places": (rig) => {
    renameSync(rig.path("base/lib/one.so"), rig.path("base/lib/tmp"));
    renameSync(rig.path("base/lib/two.so"), rig.path("base/lib/one.so"));
    renameSync(rig.path("base/lib/tmp"), rig.path("base/lib/two.so"));
  },
  "an attribute": (rig) =>
    rig.write("other/image.ts", FILES["other/image.ts"].replace('"./data"', '"./data", config: { User: "1" }')),
};

test.each(Object.entries(CHANGES))("%s changes the image, to what a fresh cache gives", async (_, change) => {
  await using rig = await workspaceRig({ files: FILES });
  const before = await build(rig);
  change(rig);
  const after = await build(rig);
  const fresh = await build(rig, "--cache-dir", rig.outside);
  expect(digests(after)).toEqual(digests(fresh));
  expect(digests(after)).not.toEqual(digests(before));
});

test("the tag is known before the build, and is that of the build", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const tag = (await rig.run(["tag", "//app"])).stdout.trim();
  expect(tag).toMatch(/^[a-z0-9]{32}$/);
  expect((await rig.run(["build", "//app"])).stdout).toContain(`app:${tag}  sha256:`);
  rig.write("base/lib/one.so", "changed\n");
  expect((await rig.run(["tag", "//app"])).stdout.trim()).not.toBe(tag);
});

test("--force builds again and --no-cache leaves no trace, with the same result", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const first = await build(rig);
  const forced = await build(rig, "--force");
  expect(built(forced)).toEqual(ALL_STEPS);
  expect(digests(forced)).toEqual(digests(first));
  const without = await build(rig, "--no-cache");
  expect(built(without)).toEqual(ALL_STEPS);
  expect(digests(without)).toEqual(digests(first));
});
