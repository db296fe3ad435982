import { spawnSync } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { workspaceRig } from "@imgbuild/testkit";

const DEFINITION = [
  'import { buildImage } from "imgbuild";',
  'export default buildImage({ name: "a", copyToRoot: "./data" });\n',
].join("\n");
/** Root may read and write everywhere: some failures need another user. */
const NOBODY = 65534;
const asRoot = process.getuid?.() === 0;
const user = asRoot ? { uid: NOBODY } : {};

function noise(size: number): Uint8Array {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(size));
}

test("an unreadable file is told with place, hint and exit code, and the cache is whole", async () => {
  await using rig = await workspaceRig({
    files: { "a/image.ts": DEFINITION, "a/data/secret": "x", "a/data/open": "y" },
  });
  rig.chmod("a/data/secret", 0o000);
  if (asRoot) rig.giveTo(NOBODY);
  const { code, stdout, stderr } = await rig.run(["build", "//a"], user);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain('error[input-unreadable]: Cannot read "//a/data/secret": permission denied');
  expect(stderr).toContain("  at a/image.ts:2:16\n");
  expect(stderr).toContain("  hint: Give this user the right to read it");
  expect((await rig.run(["cache", "verify"], user)).code).toBe(0);
  rig.chmod("a/data/secret", 0o644);
  expect((await rig.run(["build", "//a"], user)).code).toBe(0);
});

test.each([
  ["under a directory that may not be written", "locked/cache"],
  ["that may not be written", "locked"],
])("a cache directory %s is told with hint and exit code", async (_, place) => {
  await using rig = await workspaceRig({ files: { "a/image.ts": DEFINITION, "a/data/f": "x" } });
  mkdirSync(rig.path("locked"));
  if (asRoot) rig.giveTo(NOBODY);
  rig.chmod("locked", 0o555);
  const { code, stdout, stderr } = await rig.run(["build", "//a", "--cache-dir", place], user);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(`error[cache-unusable]: Cannot use the cache "${rig.path(place)}": permission denied`);
  expect(stderr).toContain("  hint: Give this user the right to write there, or choose another place with --cache-dir");
  const json = await rig.run(["build", "//a", "--json"], { ...user, env: { IMGBUILD_CACHE_DIR: place } });
  expect(json.stderr).toBe("");
  expect(json.events.find((event) => event.type === "error")?.error).toMatchObject({ code: "cache-unusable" });
  expect(readdirSync(rig.path("locked"))).toEqual([]);
  rig.chmod("locked", 0o755);
});

test("a cache directory that is a file is told", async () => {
  await using rig = await workspaceRig({ files: { "a/image.ts": DEFINITION, "a/data/f": "x", cache: "no directory" } });
  const { code, stderr } = await rig.run(["build", "//a"]);
  expect(code).toBe(2);
  expect(stderr).toContain("error[cache-unusable]");
});

test("an output in a directory that does not exist is told", async () => {
  await using rig = await workspaceRig({ files: { "a/image.ts": DEFINITION, "a/data/f": "x" } });
  const { code, stderr } = await rig.run(["build", "//a", "-o", "nowhere/a.tar"]);
  expect(code).toBe(2);
  expect(stderr).toContain(`Cannot write the archive "${rig.path("nowhere/a.tar")}": there is no directory for it`);
  expect(stderr).toContain(`hint: Run \`mkdir -p '${rig.path("nowhere")}'\``);
});

const mounts = asRoot && canMount();
const withMounts = mounts || process.env.IMGBUILD_REQUIRE_TOOLS === "1" ? describe : describe.skip;

withMounts(`a full disk${mounts ? "" : " [skipped: needs root and mount]"}`, () => {
  test.each(["64k", "512k", "6m"])(
    "of %s under the cache stops the build; the cache is whole and goes on with more room",
    async (size) => {
      await using rig = await workspaceRig({ files: { "a/image.ts": DEFINITION, "a/data/noise": noise(12_000_000) } });
      await using disk = mountDisk(join(rig.outside, "disk"), size);
      const cache = ["--cache-dir", join(disk.path, "cache")];
      const archive = join(rig.outside, "a.tar");
      const full = await rig.run(["build", "//a", "-o", archive, ...cache]);
      expect({ code: full.code, stdout: full.stdout }).toEqual({ code: 1, stdout: "" });
      expect(full.stderr).toContain("error[disk-full]: ");
      expect(full.stderr).toContain("no space left on the device");
      expect(full.stderr).toContain("  hint: Free some space and run the command again");
      expect(existsSync(archive)).toBe(false);

      disk.resize("100m");
      expect(await rig.run(["cache", "verify", ...cache])).toMatchObject({ code: 0 });
      const healed = await rig.run(["build", "//a", "-o", archive, ...cache]);
      const fresh = await rig.run(["build", "//a"]);
      expect({ code: healed.code, stdout: healed.stdout }).toEqual({ code: 0, stdout: fresh.stdout });
    },
  );

  test("under the output leaves nothing there", async () => {
    await using rig = await workspaceRig({ files: { "a/image.ts": DEFINITION, "a/data/noise": noise(3_000_000) } });
    await using disk = mountDisk(join(rig.outside, "disk"), "1m");
    for (const format of ["docker-archive", "oci-archive", "oci-layout"]) {
      const to = join(disk.path, format);
      const { code, stderr } = await rig.run(["build", "//a", "-o", to, "--format", format]);
      expect({ format, code, told: stderr.includes("error[disk-full]: ") }).toEqual({ format, code: 1, told: true });
    }
    expect(filesBelow(disk.path)).toEqual([]);
  });
});

test.each(["build", "stream"])("results of %s that cannot be written are an error, told once", async (command) => {
  await using rig = await workspaceRig({ files: { "a/image.ts": DEFINITION, "a/data/noise": noise(100_000) } });
  const wrap = ["/bin/sh", "-c", 'exec "$@" > /dev/full', "sh"];
  const { code, stderr } = await rig.run([command, "//a"], { wrap });
  expect(code).toBe(1);
  expect(stderr.match(/^error\[/gm)).toHaveLength(1);
  expect(stderr).toContain("error[disk-full]: ");
  expect(stderr).not.toContain("node:");
});

test("a reader of stdout that goes away is no error", async () => {
  await using rig = await workspaceRig({ files: { "a/image.ts": DEFINITION, "a/data/noise": noise(3_000_000) } });
  const wrap = ["/bin/sh", "-c", '"$@" | head -c 10', "sh"];
  const { stderr, stdout } = await rig.run(["stream", "//a"], { wrap });
  expect(stdout).toHaveLength(10);
  expect(stderr).not.toContain("EPIPE");
});

function canMount(): boolean {
  return spawnSync("unshare", ["-m", "true"]).status === 0;
}

/** A file system of this size; unmounted at the end of its scope. */
function mountDisk(path: string, size: string): AsyncDisposable & { readonly path: string; resize(to: string): void } {
  mkdirSync(path);
  const mount = (options: string): void => {
    const done = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path], { encoding: "utf8" });
    if (done.status !== 0) throw new Error(done.stderr);
  };
  mount(`size=${size}`);
  return {
    path,
    resize: (to) => mount(`remount,size=${to}`),
    [Symbol.asyncDispose]: async () => {
      spawnSync("umount", ["-l", path]);
    },
  };
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" });
}
