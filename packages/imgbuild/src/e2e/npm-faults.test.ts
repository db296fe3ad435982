import { hash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  integrityOf,
  startProxyServer,
  startTestRegistry,
  type TestPackage,
  type TestRegistry,
  type TestRepository,
  tarballOf,
  type WorkspaceRig,
} from "@imgbuild/testkit";
import {
  build,
  built,
  failure,
  LEFT,
  npmRig,
  ofType,
  REPOSITORY,
  RIGHT,
  repositoryWith,
  rootfs,
  runNode,
} from "./npm-rig.ts";

/** A build that fails while one package cannot be had: what it says, which names the package. */
async function refused(
  fault: Parameters<TestRegistry["server"]["fail"]>[1],
  { code, npmrc = "" }: { readonly code: number; readonly npmrc?: string },
): Promise<string> {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  await using rig = await npmRig(registry, REPOSITORY, { ".npmrc": `registry=${registry.url}\n${npmrc}` });
  registry.server.fail(registry.pathOf(RIGHT), fault);
  const said = await failure(rig, code);
  expect(said).toContain('Cannot get the package "@scope/right@2.0.0"');
  expect(said).toContain("images/api/image.ts:2");
  return said.replaceAll(registry.url, "REGISTRY/");
}

test("401, 403 and 404 say how to log in, or where to look, and are not tried again", async () => {
  const unknown = await refused({ kind: "status", status: 401 }, { code: 1 });
  expect(unknown).toContain("the server answered 401");
  expect(unknown).toContain("npm login --scope=@scope --registry=REGISTRY/");
  expect(unknown).not.toContain("tries");
  expect(await refused({ kind: "status", status: 403 }, { code: 1 })).toContain("npm whoami --registry=REGISTRY/");
  const missing = await refused({ kind: "status", status: 404 }, { code: 1 });
  expect(missing).toContain("npm view @scope/right@2.0.0");
  expect(missing).toContain("@scope:registry=");
});

test("a registry that is nowhere is a temporary failure, which names the package and says that it was tried again", async () => {
  const registry = await startTestRegistry([LEFT, RIGHT]);
  await registry.server.close();
  await using rig = await npmRig(registry);
  const said = await failure(rig, 75);
  expect(said).toContain("the connection was refused (5 tries)");
  expect(said).toMatch(/Cannot get the package "(left|@scope\/right)@/);
}, 30_000);

test("a broken connection goes on where it stopped", async () => {
  const big: TestPackage = { ...RIGHT, files: { "big.bin": randomBytes(400_000) } };
  await using registry = await startTestRegistry([LEFT, big]);
  await using rig = await npmRig(registry, repositoryWith(big));
  registry.server.fail(registry.pathOf(big), { kind: "truncate", bytes: 100_000 }, 1);
  registry.server.fail(registry.pathOf(big), { kind: "status", status: 502 }, 1);
  const result = await build(rig);
  const asked = registry.server.requests.filter(({ url }) => url.includes("right"));
  expect(asked.map(({ headers }) => headers.range)).toEqual([
    undefined,
    ...Array(2).fill(expect.stringMatching(/^bytes=\d+-$/)),
  ]);
  expect(
    ofType(result, "warning")
      .map((event) => String(event.message))
      .join("\n"),
  ).toMatch(/502; trying again in/);
});

test("packages come through npm's proxy, which is given its own credentials", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  const proxy = await startProxyServer({ authorization: `Basic ${Buffer.from("me:secret").toString("base64")}` });
  try {
    const host = `http://registry.test:${registry.server.port}/`;
    const npmrc = `registry=${host}\nproxy=${proxy.url.replace("//", "//me:secret@")}\n`;
    await using rig = await npmRig(registry, REPOSITORY, { ".npmrc": npmrc });
    await build(rig);
    expect([...proxy.asked].sort()).toEqual([
      `GET ${host}@scope/right/-/right-2.0.0.tgz`,
      `GET ${host}left/-/left-1.0.0.tgz`,
    ]);
  } finally {
    await proxy.close();
  }
});

/** Puts a tarball where npm keeps it. */
function intoNpmCache(cache: string, item: TestPackage, bytes: Uint8Array = tarballOf(item)): void {
  const hex = Buffer.from(integrityOf(item).slice("sha512-".length), "base64").toString("hex");
  const path = join(cache, "_cacache/content-v2/sha512", hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

test("npm's own cache is asked first, and not believed: what is damaged there is fetched", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  await using rig = await npmRig(registry);
  const cache = join(rig.outside, "npm");
  rig.write(".npmrc", `registry=${registry.url}\ncache=${cache}\n`);
  intoNpmCache(cache, LEFT);
  intoNpmCache(cache, RIGHT, Buffer.from("damaged"));
  await build(rig);
  expect(registry.fetched()).toEqual([registry.pathOf(RIGHT)]);
});

test("with npm's cache alone a first build needs no network", async () => {
  const registry = await startTestRegistry([]);
  await registry.server.close();
  await using rig = await npmRig(registry);
  for (const item of [LEFT, RIGHT]) intoNpmCache(join(rig.outside, "../home/.npm"), item);
  await build(rig);
});

test("a tampered tarball that is fetched again and again ends with exit code 4; nothing half-unpacked is kept", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  await using rig = await npmRig(registry);
  registry.server.put(registry.pathOf(RIGHT), tarballOf({ ...RIGHT, files: { "index.js": "evil" } }));
  const said = await failure(rig, 4);
  expect(said).toContain(integrityOf(RIGHT).slice("sha512-".length));
  const kept = contentsOf(rig).map((bytes) => bytes.toString("latin1"));
  expect(kept.filter((text) => text.includes("evil"))).toEqual([]);
  registry.server.put(registry.pathOf(RIGHT), tarballOf(RIGHT));
  await build(rig);
});

function contentsOf(rig: WorkspaceRig): Buffer[] {
  return readdirSync(rig.cacheDir, { recursive: true })
    .map((name) => join(rig.cacheDir, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
}

test("long fetches say how much came", async () => {
  const big: TestPackage = { ...RIGHT, files: { "big.bin": randomBytes(600_000) } };
  await using registry = await startTestRegistry([LEFT, big]);
  await using rig = await npmRig(registry, repositoryWith(big));
  registry.server.fail(registry.pathOf(big), { kind: "drip", bytes: 60_000, everyMs: 60 }, 1);
  const result = await build(rig);
  const bytes = ofType(result, "step.progress").map((event) => Number(event.bytes));
  expect(bytes.filter((count) => count > 0 && count < 600_000).length).toBeGreaterThan(1);
});

describe("tarballs that no registry has", () => {
  const tarball = tarballOf(RIGHT);
  const lockedAt = (resolved: string): TestRepository => ({
    ...REPOSITORY,
    edit: { "node_modules/@scope/right": { resolved } },
  });

  test("of the repository are used where they are", async () => {
    await using registry = await startTestRegistry([LEFT]);
    const files = { "vendor/right.tgz": tarball };
    await using rig = await npmRig(registry, lockedAt("file:vendor/right.tgz"), files);
    expect(runNode(join(await rootfs(rig), "app/packages/api"), "src/main.js")).toBe("right shared");
    await using without = await npmRig(registry, lockedAt("file:vendor/right.tgz"));
    expect(await failure(without, 2)).toContain('there is no tarball "//vendor/right.tgz"');
    await using other = await npmRig(registry, lockedAt("file:vendor/right.tgz"), {
      "vendor/right.tgz": tarballOf(LEFT),
    });
    expect(await failure(other, 4)).toContain("@scope/right@2.0.0");
  });

  test("at an address of their own are fetched from there, without the registry's credentials", async () => {
    await using registry = await startTestRegistry([LEFT]);
    await using elsewhere = await startTestRegistry([]);
    elsewhere.server.put("/download/right", tarball);
    const address = `${elsewhere.url}download/right`;
    await using rig = await npmRig(registry, lockedAt(address));
    rig.write(".npmrc", `registry=${registry.url}\n//127.0.0.1:${registry.server.port}/:_authToken=t\n`);
    await build(rig);
    expect(elsewhere.server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ["/download/right", undefined],
    ]);
    expect(registry.server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer t"]);
  });
});

test("what was fetched and not unpacked yet is not fetched again, unless it was damaged", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  await using rig = await npmRig(registry);
  const { lines } = await rig.run(["plan", "//images/api"]);
  expect(lines).toContain(`build  //images/api  npm package ${LEFT.name}@${LEFT.version}`);
  const left = downloadPath(rig, LEFT);
  mkdirSync(dirname(left), { recursive: true });
  writeFileSync(left, tarballOf(LEFT));
  const right = downloadPath(rig, RIGHT);
  mkdirSync(dirname(right), { recursive: true });
  writeFileSync(right, "damaged");
  await build(rig);
  expect(registry.fetched()).toEqual([registry.pathOf(RIGHT)]);
});

/** Where a download waits to be unpacked. */
function downloadPath(rig: WorkspaceRig, item: TestPackage): string {
  const name = hash("sha256", integrityOf(item), "hex");
  return join(rig.cacheDir, "downloads", name.slice(0, 2), name.slice(2));
}

test("two builds at once fetch each package once", async () => {
  const big: TestPackage = { ...RIGHT, files: { "big.bin": randomBytes(200_000) } };
  await using registry = await startTestRegistry([LEFT, big]);
  await using rig = await npmRig(registry, repositoryWith(big));
  registry.server.fail(registry.pathOf(big), { kind: "drip", bytes: 40_000, everyMs: 50 }, 1);
  const results = await Promise.all([build(rig), build(rig)]);
  expect(registry.fetched()).toHaveLength(2);
  expect(results.flatMap(built).filter((kind) => kind === "npmPackage")).toHaveLength(2);
});
