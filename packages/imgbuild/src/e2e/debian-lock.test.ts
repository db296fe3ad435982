import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestDeb } from "@imgbuild/testkit";
import { type DebianRig, debianRig, definitionOf } from "./debian-rig.ts";

const APP: TestDeb = { name: "app", version: "1.0", fields: ["Depends: lib (>= 1)"], files: { "usr/bin/app": "app" } };
const LIB: TestDeb = { name: "lib", version: "1:1.0", files: { "usr/lib/lib.so": "lib" } };
const EXTRA: TestDeb = { name: "extra", version: "3", architecture: "all", files: { "usr/share/extra": "x" } };
const ALL = [APP, LIB, EXTRA];

const lockText = ({ workspace }: DebianRig): string => readFileSync(workspace.path("imgbuild.lock"), "utf8");
const DAY = 86_400_000;

describe("imgbuild lock", () => {
  test("a build without a lock says how to get one; then the lock has all that is needed, and no host", async () => {
    await using rig = await debianRig(ALL, definitionOf('packages: ["app"]'));
    const before = await rig.run(["build", "//images/app"]);
    expect(before.code).toBe(2);
    expect(before.stderr).toContain("there is no imgbuild.lock");
    expect(before.stderr).toContain("Run `imgbuild lock`");
    expect(before.stderr).toMatch(/images\/app\/image\.ts:2:\d+/);
    expect(await rig.lock()).toEqual(["stable/main/amd64 (none) app is new"]);
    const text = lockText(rig);
    expect(text).not.toContain("127.0.0.1");
    expect(text).toContain('"path":"pool/main/app_1.0_amd64.deb"');
    expect(JSON.parse(text)).toMatchObject({
      version: 1,
      debian: {
        sets: [{ architecture: "amd64", request: ["app"], packages: ["app", "lib"] }],
        packages: [
          { name: "app", depends: ["lib"] },
          { name: "lib", version: "1:1.0" },
        ],
      },
    });
    expect((await rig.run(["lock", "--update", "*"])).stderr).toContain('No mirror has the suite "stable-security"');
    // What is up to date is written by nobody, and asks nobody.
    const asked = rig.mirror.server.requests.length;
    expect(await rig.lock()).toEqual([]);
    expect(await rig.lock("--check")).toEqual([]);
    expect({ asked: rig.mirror.server.requests.length, text: lockText(rig) }).toEqual({ asked, text });
  });

  test("a request that changed is refused by build and --check, which writes nothing; other requests stay", async () => {
    await using rig = await debianRig(ALL, definitionOf('packages: ["app"]'));
    await rig.lock();
    const old = lockText(rig);
    rig.workspace.write("images/app/image.ts", definitionOf('packages: ["app", "extra"]'));
    const build = await rig.run(["build", "//images/app"]);
    expect(build.code).toBe(2);
    expect(build.stderr).toContain("imgbuild.lock does not have them as they are asked for");
    const check = await rig.run(["lock", "--check"]);
    expect(check.code).toBe(3);
    expect(check.stderr).toContain("Run `imgbuild lock` and commit the file");
    expect(lockText(rig)).toBe(old);
    rig.workspace.write("images/other/image.ts", definitionOf('packages: ["lib"]').replace('"app",', '"other",'));
    expect(await rig.lock("//images/other")).toEqual(["stable/main/amd64 (none) lib is new"]);
    expect(await rig.lock()).toEqual([
      "stable/main/amd64 (none) app is gone",
      "stable/main/amd64 (none) app extra is new",
    ]);
    expect((await rig.run(["lock", "--check"])).code).toBe(0);
  });

  test("versions stay until they are updated by name, and new requests keep to them", async () => {
    await using rig = await debianRig(ALL, definitionOf('packages: ["app"]'));
    await rig.lock();
    const newer = [
      { ...APP, version: "1.1" },
      { ...LIB, version: "1:1.2" },
    ];
    await rig.mirror.publish("stable", [...ALL, ...newer]);
    expect(await rig.lock()).toEqual([]);
    rig.workspace.write("images/other/image.ts", definitionOf('packages: ["lib"]').replace('"app",', '"other",'));
    await rig.lock();
    expect(JSON.parse(lockText(rig)).debian.packages).toMatchObject([{ version: "1.0" }, { version: "1:1.0" }]);
    const check = await rig.run(["lock", "--check", "--update", "*"]);
    expect({ code: check.code, lines: check.lines }).toEqual({
      code: 3,
      lines: expect.arrayContaining(["stable/main/amd64 (none) app: app 1.0 → 1.1"]),
    });
    expect((await rig.lock("--update", "lib")).filter((line) => line.includes("→ 1:"))).toEqual([
      "stable/main/amd64 (none) app: lib 1:1.0 → 1:1.2",
      "stable/main/amd64 (none) lib: lib 1:1.0 → 1:1.2",
    ]);
    expect(JSON.parse(lockText(rig)).debian.packages).toMatchObject([{ version: "1.0" }, { version: "1:1.2" }]);
    const unknown = await rig.run(["lock", "--update", "lbi"]);
    expect({ code: unknown.code, stderr: unknown.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('Cannot update the package "lbi"'),
    });
  });

  test("packages for the architecture of the image; one that lacks it is named", async () => {
    const arm: TestDeb = { ...LIB, architecture: "arm64" };
    await using rig = await debianRig([...ALL, arm], definitionOf('packages: ["lib"]', 'architecture: "arm64"'));
    await rig.lock();
    expect(JSON.parse(lockText(rig)).debian.sets).toMatchObject([{ architecture: "amd64" }, { architecture: "arm64" }]);
    expect((await rig.files()).get("usr/lib/lib.so")?.content).toBe("lib");
    rig.workspace.write("images/app/image.ts", definitionOf('packages: ["app"], architecture: "arm64"'));
    const lacking = await rig.run(["lock"]);
    expect(lacking.code).not.toBe(0);
    expect(lacking.stderr).toContain('Cannot install "app"');
  });

  test("a damaged lock, one after a merge, and one of another format are errors with the place", async () => {
    await using rig = await debianRig(ALL, definitionOf('packages: ["app"]'));
    await rig.lock();
    const text = lockText(rig);
    const said = async (damaged: string) => {
      rig.workspace.write("imgbuild.lock", damaged);
      const { code, stderr } = await rig.run(["build", "//images/app"]);
      expect(code).not.toBe(0);
      return stderr;
    };
    expect(await said(text.replace('"app",', '"nothing",'))).toContain("debian.sets[0].packages[0]");
    expect(await said(`<<<<<<< ours\n${text}`)).toContain("merge conflict");
    expect(await said(text.replace('"version": 1', '"version": 9'))).toContain("its version is 9, wanted 1");
    expect(await said(text.replace("pool/main", "../../etc"))).toContain("it leaves the archive");
  });
});

describe("a mirror that is not to be trusted", () => {
  const locked = async (rig: DebianRig, env?: Readonly<Record<string, string>>) => {
    const { code, stderr } = await rig.run(["lock"], env);
    expect(existsSync(rig.workspace.path("imgbuild.lock"))).toBe(false);
    return `${code} ${stderr}`;
  };

  test("signed by somebody else, expired, changed after it was signed, without a keyring", async () => {
    await using rig = await debianRig(ALL, definitionOf('packages: ["app"]'));
    await rig.mirror.publish("stable", ALL, { key: "other" });
    expect(await locked(rig)).toMatch(/^4 [\s\S]*no keyring has that key/);
    await rig.mirror.publish("stable", ALL, { validUntil: new Date(Date.now() - DAY) });
    expect(await locked(rig)).toMatch(/^4 [\s\S]*it was valid until/);
    await rig.mirror.publish("stable", ALL);
    rig.mirror.server.fail("/debian/dists/stable/main/binary-amd64/Packages.gz", { kind: "wrong-bytes" });
    expect(await locked(rig)).toMatch(/^4 [\s\S]*SHA-256/);
    expect(await locked(rig, { IMGBUILD_DEBIAN_KEYRINGS: "/nowhere.gpg" })).toMatch(
      /^2 [\s\S]*"\/nowhere\.gpg" cannot be read/,
    );
    writeFileSync(join(rig.workspace.outside, "bad.gpg"), "no keyring");
    expect(await locked(rig, { IMGBUILD_DEBIAN_KEYRINGS: join(rig.workspace.outside, "bad.gpg") })).toMatch(/^4 /);
  });

  test("that gives the signed index of another suite", async () => {
    await using rig = await debianRig(ALL, definitionOf('packages: ["app"]'));
    await rig.mirror.publish("oldstable", ALL, { at: "stable" });
    expect(await locked(rig)).toMatch(/^4 [\s\S]*it is of "oldstable", wanted "stable"/);
  });

  test("that lacks the suite, the component or the package, and one that cannot be reached", async () => {
    await using rig = await debianRig(ALL, definitionOf('packages: ["app"]'));
    const define = (attributes: string) => rig.workspace.write("images/app/image.ts", definitionOf(attributes));
    define('packages: ["ap"]');
    expect(await locked(rig)).toMatch(
      /^2 [\s\S]*Cannot install "ap"[\s\S]*at images\/app\/image\.ts:2:\d+[\s\S]*hint: /,
    );
    define('packages: ["app"], components: ["main", "contrib"]');
    expect(await locked(rig)).toMatch(/Cannot find packages of "contrib"/);
    rig.workspace.write("images/app/image.ts", definitionOf('packages: ["app"]').replace("stable", "unstable"));
    expect(await locked(rig)).toMatch(/Cannot find the suite "unstable"/);
    define('packages: ["app"]');
    rig.mirror.server.fail("/debian/dists/stable/InRelease", { kind: "status", status: 403 });
    expect(await locked(rig)).toMatch(/^1 [\s\S]*403/);
    expect(await locked(rig, { IMGBUILD_DEBIAN_MIRROR: "no-address" })).toMatch(/^2 [\s\S]*wanted an address/);
  });

  test("of packages that cannot be together: the reasons are said", async () => {
    const odd = { ...APP, fields: ["Depends: lib (>= 1:2)"] };
    await using rig = await debianRig([odd, LIB], definitionOf('packages: ["app"]'));
    expect(await locked(rig)).toMatch(/^2 [\s\S]*lib \(>= 1:2\)[\s\S]*at images\/app\/image\.ts:2:\d+[\s\S]*hint: /);
  });
});

test("without a mirror in the environment apt's own sources count, with their keys", async () => {
  await using rig = await debianRig(ALL, definitionOf('packages: ["app"]'));
  const root = rig.workspace.outside;
  const write = (path: string, text: string) => rig.workspace.write(`../outside/${path}`, text);
  const { url } = rig.mirror;
  write(
    "etc/apt/sources.list.d/a.sources",
    `Types: deb\nURIs: ${url}/\nSuites: stable\nComponents: main\nSigned-By: ${join(root, "archive.gpg")}\n`,
  );
  write("etc/apt/sources.list", "# nothing\n");
  const env = { IMGBUILD_APT_ROOT: root, IMGBUILD_DEBIAN_MIRROR: "", IMGBUILD_DEBIAN_KEYRINGS: "" };
  expect(await rig.run(["lock"], env)).toMatchObject({ code: 0, lines: ["stable/main/amd64 (none) app is new"] });
  expect((await rig.run(["build", "//images/app"], env)).code).toBe(0);
  rig.workspace.remove("imgbuild.lock");
  write("etc/apt/sources.list.d/a.sources", "");
  write("etc/apt/sources.list", `deb [arch=amd64] ${url} stable main\n`);
  const keyless = await rig.run(["lock"], env);
  expect({ code: keyless.code, stderr: keyless.stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining("this machine has no keyring of the archive"),
  });
  write("etc/apt/sources.list", "");
  const none = await rig.run(["lock"], env);
  expect({ code: none.code, stderr: none.stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('Cannot find a mirror of the suite "stable"'),
  });
  rig.workspace.write(
    "imgbuild.config.ts",
    `import { defineConfig } from "imgbuild";
export default defineConfig({ debian: { mirror: ${JSON.stringify(url)}, keyrings: ["../outside/archive.gpg"] } });`,
  );
  expect((await rig.run(["lock"], env)).code).toBe(0);
});
