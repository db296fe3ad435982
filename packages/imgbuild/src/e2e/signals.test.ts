import { createCipheriv } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";

const DEFINITION = [
  'import { buildImage } from "imgbuild";',
  'export default buildImage({ name: "a", copyToRoot: "./data" });\n',
].join("\n");

/** What no compressor makes small, so that packing takes a while: 60 MB in 30 files. */
async function slowWorkspace(): Promise<WorkspaceRig> {
  const stream = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16));
  const noise = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`a/data/${i}`, stream.update(Buffer.alloc(2_000_000))]),
  );
  return workspaceRig({ files: { "a/image.ts": DEFINITION, ...noise } });
}

async function expectWhole(rig: WorkspaceRig): Promise<void> {
  expect(filesBelow(rig.cacheDir).filter((name) => /tmp|partial/.test(name))).toEqual([]);
  expect((await rig.run(["cache", "verify"])).code).toBe(0);
  const after = await rig.run(["build", "//a"]);
  const fresh = await rig.run(["build", "//a", "--cache-dir", join(rig.outside, "fresh")]);
  expect({ code: after.code, stdout: after.stdout }).toEqual({ code: 0, stdout: fresh.stdout });
}

function filesBelow(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir, { recursive: true, encoding: "utf8" }) : [];
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s in the middle of a build ends it with %i, without debris", async (signal, code) => {
  await using rig = await slowWorkspace();
  const running = rig.spawn(["build", "//a", "-o", join(rig.outside, "a.tar"), "--compression", "gz:9"]);
  await running.printed("never built here");
  running.kill(signal);
  const ended = await running.ended;
  expect({ code: ended.code, signal: ended.signal, stdout: ended.stdout }).toEqual({ code, signal: null, stdout: "" });
  expect(ended.stderr).toContain("error[cancelled]: ");
  expect(readdirSync(rig.outside)).toEqual([]);
  await expectWhole(rig);
});

test("under --json a signal is an error event, and stdout stays pure", async () => {
  await using rig = await slowWorkspace();
  const running = rig.spawn(["build", "//a", "-o", join(rig.outside, "a.tar"), "--compression", "gz:9", "--json"]);
  await running.printed("target.why");
  running.kill("SIGTERM");
  const ended = await running.ended;
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 143, stderr: "" });
  expect(ended.events.at(-1)).toMatchObject({ type: "run.end", exitCode: 143 });
  const codes = ended.events.map((event) => (event.error as { code: string } | undefined)?.code);
  expect(codes).toContain("cancelled");
});

test("a build that is killed outright leaves a cache that the next build heals", async () => {
  await using rig = await slowWorkspace();
  const running = rig.spawn(["build", "//a", "-o", join(rig.outside, "a.tar")]);
  await running.printed("never built here");
  running.kill("SIGKILL");
  expect(await running.ended).toMatchObject({ code: null, signal: "SIGKILL" });
  await rig.run(["build", "//a"]);
  await expectWhole(rig);
});

test("two builds at once of one workspace give the same and build it once", async () => {
  await using rig = await slowWorkspace();
  const both = await Promise.all([1, 2].map(() => rig.run(["build", "//a", "--json"])));
  expect(both.map((result) => result.code)).toEqual([0, 0]);
  const done = both.map((result) => result.events.find((event) => event.type === "target.done")?.digest);
  expect(new Set(done).size).toBe(1);
  const layers = both
    .flatMap((result) => result.events)
    .filter((event) => event.type === "step.end" && event.kind === "layer");
  expect(layers.map((event) => event.result).sort()).toEqual(["built", "hit"]);
  await expectWhole(rig);
});
