import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type CliResult,
  type FaultServer,
  startFaultServer,
  startProxyServer,
  type WorkspaceRig,
  workspaceRig,
} from "@imgbuild/testkit";
import { builtKinds, rootfsOf } from "./rootfs-of.ts";

const CONTENT = "0123456789".repeat(40_000);
const sha = (algorithm: string, encoding: "hex" | "base64") => createHash(algorithm).update(CONTENT).digest(encoding);
const HASH = `sha256-${sha("sha256", "base64")}`;

let server: FaultServer;
beforeEach(async () => {
  server = await startFaultServer({ "/file.txt": CONTENT });
});
afterEach(() => server.close());

/** A definition whose image has the download at /file. */
function image(attributes: string): string {
  return `import { buildImage, fetchUrl, tree } from "imgbuild";
export default buildImage({ name: "x", copyToRoot: tree({ "/file": fetchUrl({ ${attributes} }) }) });
`;
}

function workspace(attributes: string, env: Readonly<Record<string, string>> = {}): Promise<WorkspaceRig> {
  return workspaceRig({ files: { "app/image.ts": image(attributes) }, env });
}

const build = (rig: WorkspaceRig, ...flags: readonly string[]): Promise<CliResult> =>
  rig.run(["build", "//app", ...flags]);

test.each([
  ["SRI", HASH],
  ["sha512 SRI", `sha512-${sha("sha512", "base64")}`],
  ["prefixed hex", `sha256:${sha("sha256", "hex")}`],
  ["bare hex", sha("sha512", "hex").toUpperCase()],
])("a file known by its hash as %s comes into the image; afterwards nothing is asked", async (_, hash) => {
  await using rig = await workspace(`url: "${server.url}/file.txt", hash: "${hash}", executable: true`);
  const { listing, content } = await rootfsOf(rig);
  expect(listing).toEqual(["-rwxr-xr-x 0/0 file"]);
  expect(content("file")).toBe(CONTENT);
  await server.close();
  expect(builtKinds(await build(rig, "--json"))).toEqual([]);
  // All is done again, but for what is in the store by its hash.
  expect(builtKinds(await build(rig, "--json", "--force"))).toEqual(["fetchUrl", "image", "layer"]);
});

test("where a file is decides nothing: another address, another form of the hash, the same key", async () => {
  await using rig = await workspace(`url: "${server.url}/file.txt", hash: "${HASH}"`);
  const tag = (await rig.run(["tag", "//app"])).stdout;
  expect(builtKinds(await build(rig, "--json"))).toEqual(["fetchUrl", "image", "layer"]);
  const urls = `urls: ["https://user:pw@mirror.example/a?token=x", "http://other.example/b"]`;
  rig.write("app/image.ts", image(`${urls}, hash: "sha256:${sha("sha256", "hex")}", maxSize: 1`));
  expect((await rig.run(["tag", "//app"])).stdout).toBe(tag);
  expect(builtKinds(await build(rig, "--json"))).toEqual([]);
});

test("another hash than wanted is exit code 4, says both, and keeps nothing", async () => {
  const wanted = `sha256-${createHash("sha256").update("other").digest("base64")}`;
  await using rig = await workspace(`url: "${server.url}/file.txt", hash: "${wanted}"`);
  const result = await build(rig);
  expect(result.code).toBe(4);
  expect(result.stderr).toContain(`wanted ${wanted}, got ${HASH}`);
  expect(result.stderr).toContain("app/image.ts:2:");
  expect(leftovers(rig)).toBe(0);
});

test("an empty hash is answered with the one that came; written down, nothing is fetched again", async () => {
  await using rig = await workspace(`url: "${server.url}/file.txt", hash: ""`);
  const result = await build(rig);
  expect(result.code).toBe(2);
  expect(result.stderr).toContain(`Write hash: "${HASH}"`);
  rig.write("app/image.ts", image(`url: "${server.url}/file.txt", hash: "${HASH}"`));
  expect((await rootfsOf(rig)).content("file")).toBe(CONTENT);
  expect(server.requests).toHaveLength(1);
});

test.each([
  [`url: "u", hash: "${HASH}"`, "url is no address"],
  [`url: "file:///etc/passwd", hash: "${HASH}"`, "is an address of file"],
  [`hash: "${HASH}"`, "url is missing"],
  [`urls: [], hash: "${HASH}"`, "urls is empty"],
  [`url: "http://a.example/x"`, "hash is missing"],
  [`url: "http://a.example/x", hash: "sha256-AAAA"`, "is no hash"],
  [`url: "http://a.example/x", hash: "sha1:${"a".repeat(40)}"`, "is too weak"],
  [`url: "http://a.example/x", hash: "${HASH}", name: "a/b"`, "wanted a name for a file"],
  [`url: "http://a.example/x", hash: "${HASH}", mode: 0o600, executable: true`, "says what mode says too"],
  [`url: "http://a.example/x", hash: "${HASH}", shaq: 1`, "shaq is no attribute"],
])("%s is a definition error", async (attributes, message) => {
  await using rig = await workspace(attributes);
  const result = await build(rig);
  expect(result.code).toBe(2);
  expect(result.stderr).toContain(message);
});

test("without a name it has no place of its own", async () => {
  const definition = (more: string) => `import { buildImage, fetchUrl } from "imgbuild";
export default buildImage({ name: "x", copyToRoot: fetchUrl({ url: "${server.url}/file.txt", hash: "${HASH}"${more} }) });`;
  await using rig = await workspaceRig({ files: { "app/image.ts": definition("") } });
  expect((await build(rig)).stderr).toContain(`Cannot place the download of "${server.url}/file.txt"`);
  rig.write("app/image.ts", definition(', name: "f"'));
  expect((await rootfsOf(rig)).listing).toEqual(["-rw-r--r-- 0/0 f"]);
});

test("mirrors are tried in order, and all are named when none has it", async () => {
  await using rig = await workspace(`urls: ["${server.url}/none", "${server.url}/file.txt"], hash: "${HASH}"`);
  await rootfsOf(rig);
  expect(server.requests.map(({ url }) => url)).toEqual(["/none", "/file.txt"]);
  rig.write("app/image.ts", image(`urls: ["${server.url}/a", "${server.url}/b"], hash: "${"0".repeat(64)}"`));
  const result = await build(rig);
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/\/a": the server answered 404; .*\/b": the server answered 404/);
});

test("one file that two definitions fetch is had from either's mirror, once", async () => {
  const other = (path: string) => image(`url: "${server.url}/${path}", hash: "${HASH}"`);
  await using rig = await workspaceRig({ files: { "a/image.ts": other("gone"), "b/image.ts": other("file.txt") } });
  expect((await rig.run(["build", "//a", "//b"])).code).toBe(0);
  expect(server.requests.map(({ url }) => url)).toEqual(["/gone", "/file.txt"]);
});

test("too many bytes are refused before they come", async () => {
  await using rig = await workspace(`url: "${server.url}/file.txt", hash: "${HASH}", maxSize: 1000`);
  const result = await build(rig);
  expect(result.code).toBe(4);
  expect(result.stderr).toContain("at most 1000 are allowed");
});

test("a broken connection is resumed, a 503 tried again, and both are told", async () => {
  server.fail("/file.txt", { kind: "truncate", bytes: 100_000 }, 1);
  server.fail("/file.txt", { kind: "status", status: 503 }, 1);
  await using rig = await workspace(`url: "${server.url}/file.txt", hash: "${HASH}"`);
  const result = await build(rig);
  expect(result.code).toBe(0);
  expect(result.stderr).toContain("trying again in");
  expect(server.requests.at(-1)?.headers.range).toBe("bytes=100000-");
});

test("a cancelled build loses nothing that came: the next goes on from there", async () => {
  server.fail("/file.txt", { kind: "stall", bytes: 120_000 }, 1);
  await using rig = await workspace(`url: "${server.url}/file.txt", hash: "${HASH}"`);
  const run = rig.spawn(["build", "//app", "--json"]);
  await run.printed('"bytes":120000');
  run.kill("SIGTERM");
  expect((await run.ended).code).toBe(143);
  expect((await build(rig)).code).toBe(0);
  expect(server.requests.at(-1)?.headers.range).toBe("bytes=120000-");
  expect(leftovers(rig)).toBe(0);
});

test("what nobody comes back for goes with `cache gc`, when it is old", async () => {
  server.fail("/file.txt", { kind: "truncate", bytes: 120_000 });
  await using rig = await workspace(`url: "${server.url}/file.txt", hash: "${HASH}"`);
  const run = rig.spawn(["build", "//app"]);
  await run.printed("trying again");
  run.kill("SIGTERM");
  await run.ended;
  expect(leftovers(rig)).toBe(120_000);
  expect((await rig.run(["cache", "gc"])).code).toBe(0);
  expect(leftovers(rig)).toBe(120_000);
  expect((await rig.run(["cache", "gc", "--max-age", "0"])).stdout).toContain("1 download");
  expect(leftovers(rig)).toBe(0);
});

test("progress says how much of how much", async () => {
  server.fail("/file.txt", { kind: "drip", bytes: 50_000, everyMs: 120 });
  await using rig = await workspace(`url: "${server.url}/file.txt", hash: "${HASH}"`);
  const { events } = await build(rig, "--json");
  const told = events.filter(({ type }) => type === "step.progress");
  expect(told[0]).toMatchObject({ total: CONTENT.length });
  expect(told.length).toBeLessThan(9);
  expect(events.find(({ type, kind }) => type === "step.end" && kind === "fetchUrl")).toMatchObject({
    bytes: CONTENT.length,
    title: "download file.txt",
  });
});

test("many are fetched at once, whatever -j says", async () => {
  const names = ["a", "b", "c", "d"];
  for (const name of names) {
    server.put(`/${name}`, name);
    server.fail(`/${name}`, { kind: "stall", bytes: 0 });
  }
  const files = names.map((name) => {
    const hash = createHash("sha256").update(name).digest("hex");
    return `"/${name}": fetchUrl({ url: "${server.url}/${name}", hash: "${hash}" })`;
  });
  const definition = `import { buildImage, fetchUrl, tree } from "imgbuild";
export default buildImage({ name: "x", copyToRoot: tree({ ${files.join(", ")} }) });`;
  await using rig = await workspaceRig({ files: { "app/image.ts": definition } });
  const run = rig.spawn(["build", "//app", "-j", "1"]);
  while (server.requests.length < names.length) await new Promise((resolve) => setTimeout(resolve, 20));
  run.kill("SIGTERM");
  expect((await run.ended).code).toBe(143);
});

test("goes through the proxy of the environment", async () => {
  const proxy = await startProxyServer();
  try {
    const url = `http://files.example:${server.port}/file.txt`;
    await using rig = await workspace(`url: "${url}", hash: "${HASH}"`, { http_proxy: proxy.url });
    expect((await build(rig)).code).toBe(0);
    expect(proxy.asked).toEqual([`GET ${url}`]);
  } finally {
    await proxy.close();
  }
});

test("redirects are followed; credentials stay with their host", async () => {
  await using other = await disposable(startFaultServer({ "/moved": CONTENT }));
  server.fail("/file.txt", { kind: "redirect", location: `${other.server.url}/moved` });
  const url = server.url.replace("//", "//user:hunter2@");
  await using rig = await workspace(`url: "${url}/file.txt", hash: "${HASH}"`);
  expect((await build(rig)).code).toBe(0);
  expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from("user:hunter2").toString("base64")}`);
  expect(other.server.requests[0]?.headers.authorization).toBeUndefined();
});

test("credentials come from the address or a .netrc, and are in no output and no file of the cache", async () => {
  const authorization = `Basic ${Buffer.from("user:hunter2").toString("base64")}`;
  server.fail("/file.txt", { kind: "needs-authorization", authorization });
  const url = server.url.replace("//", "//user:hunter2@");
  await using rig = await workspace(`url: "${url}/file.txt?token=hunter2", hash: "${HASH}"`);
  const outputs = [
    await build(rig, "-v"),
    await build(rig, "--json", "--force"),
    await rig.run(["plan", "//app"]),
    await rig.run(["graph", "//app", "--as", "json"]),
    await rig.run(["inspect", "//app"]),
  ];
  expect(outputs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
  for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain("hunter2");
  for (const file of filesBelow(rig.cacheDir)) expect(readFileSync(file).includes("hunter2")).toBe(false);

  await using second = await workspace(`url: "${server.url}/file.txt", hash: "${HASH}"`, {
    NETRC: rig.path("netrc"),
  });
  rig.write("netrc", "machine 127.0.0.1\n  login user\n  password hunter2\n");
  expect((await build(second)).code).toBe(0);
});

async function disposable(starting: Promise<FaultServer>) {
  const started = await starting;
  return { server: started, [Symbol.asyncDispose]: () => started.close() };
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
}

/** Bytes of downloads that stay in the cache. */
function leftovers(rig: WorkspaceRig): number {
  const directory = join(rig.cacheDir, "downloads");
  if (!existsSync(directory)) return 0;
  const files = filesBelow(directory).filter((path) => !path.endsWith(".json"));
  return files.reduce((sum, path) => sum + statSync(path).size, 0);
}
