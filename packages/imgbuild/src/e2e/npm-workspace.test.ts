import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { repositoryFiles, startTestRegistry, type TestPackage, workspaceRig } from "@imgbuild/testkit";
import {
  build,
  built,
  failure,
  imageWith,
  LEFT,
  npmRig,
  ofType,
  REPOSITORY,
  RIGHT,
  rootfs,
  runNode,
} from "./npm-rig.ts";

test("the second build is offline, and does nothing", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  await using rig = await npmRig(registry);
  const first = await build(rig);
  expect(built(first)).toEqual(["image", "layerSet", "npmPackage", "npmPackage"]);
  expect(registry.fetched()).toEqual(["/@scope/right/-/right-2.0.0.tgz", "/left/-/left-1.0.0.tgz"]);
  await registry.server.close();
  expect(built(await build(rig))).toEqual([]);
  // What is unpacked by its hash need not be fetched again, even when everything is built anew.
  expect(built(await build(rig, "--force"))).toHaveLength(4);
  expect(existsSync(join(rig.cacheDir, "downloads", "x"))).toBe(false);
  expect(runNode(join(await rootfs(rig), "app/packages/api"), "src/main.js")).toBe("right shared");
});

test("what is wrong with a lock is said before anything is fetched, at its place", async () => {
  await using registry = await startTestRegistry();
  const bare = { ...REPOSITORY, edit: { "node_modules/left": { integrity: undefined } } };
  await using rig = await npmRig(registry, bare);
  const missing = await failure(rig);
  expect(missing).toContain('the package "left@1.0.0" has no integrity');
  expect(missing).toMatch(/package-lock\.json:\d+:\d+/);
  const git = { ...REPOSITORY, edit: { "node_modules/left": { resolved: "git+ssh://git@host/left.git#1" } } };
  rig.write("package-lock.json", repositoryFiles(git)["package-lock.json"] ?? "");
  expect(await failure(rig)).toContain('"left@1.0.0" comes from git');
  rig.write("package-lock.json", repositoryFiles(REPOSITORY)["package-lock.json"] ?? "");
  rig.write("packages/api/package.json", JSON.stringify({ name: "api", dependencies: { left: "^9" } }));
  const step = await failure(rig);
  expect(step).toContain("out of step");
  expect(step).toContain("npm install");
  expect(registry.fetched()).toEqual([]);
});

test("a tampered tarball is refused with what was wanted and got, and nothing of it is kept", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  await using rig = await npmRig(registry);
  registry.server.fail(registry.pathOf(LEFT), { kind: "wrong-bytes" }, 1);
  const result = await rig.run(["build", "//images/api"]);
  expect(result.code).toBe(4);
  expect(result.stderr).toMatch(/left@1\.0\.0.*wanted sha512-.*got sha512-/s);
  expect(
    readdirSync(join(rig.cacheDir, "downloads"), { recursive: true }).filter((name) =>
      /[0-9a-f]{60}$/.test(String(name)),
    ),
  ).toEqual([]);
  await build(rig);
});

test("a file that leaves its package is refused by name", async () => {
  const escaping: TestPackage = { ...RIGHT, members: [["package/../../etc/passwd", "root"]] };
  await using registry = await startTestRegistry([LEFT, escaping]);
  const repository = { ...REPOSITORY, installed: { "node_modules/left": LEFT, "node_modules/@scope/right": escaping } };
  await using rig = await npmRig(registry, repository);
  const said = await failure(rig);
  expect(said).toContain("error[path-escape]");
  expect(said).toContain('"@scope/right@2.0.0"');
});

test("credentials go to the registry of the scope alone, and into no output", async () => {
  await using open = await startTestRegistry([LEFT]);
  await using secret = await startTestRegistry([RIGHT]);
  const authorization = "Bearer top-secret-token";
  secret.server.fail(secret.pathOf(RIGHT), { kind: "needs-authorization", authorization });
  const npmrc = `registry=${open.url}\n@scope:registry=${secret.url}\n`;
  await using rig = await npmRig(open, REPOSITORY, { ".npmrc": npmrc });
  const refused = await failure(rig);
  expect(refused).toContain("401");
  rig.write(".npmrc", `${npmrc}//127.0.0.1:${secret.server.port}/:_authToken=\${TOKEN}\n`);
  const result = await rig.run(["build", "//images/api", "-v"], { env: { TOKEN: "top-secret-token" } });
  expect({ code: result.code, stderr: result.stderr.includes("top-secret") }).toEqual({ code: 0, stderr: false });
  expect(open.server.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
});

test("passing faults are tried again, and said", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  await using rig = await npmRig(registry);
  registry.server.fail(registry.pathOf(LEFT), { kind: "status", status: 503 }, 1);
  registry.server.fail(registry.pathOf(RIGHT), { kind: "reset" }, 1);
  const result = await build(rig);
  const warnings = ofType(result, "warning").map((event) => String(event.message));
  expect(warnings.join("\n")).toMatch(/left-1\.0\.0\.tgz" yet: .*503.*trying again in/);
  expect(warnings).toHaveLength(2);
});

test("a cancelled build keeps what came, and the next one goes on from there", async () => {
  const big: TestPackage = { ...RIGHT, files: { "big.bin": randomBytes(300_000) } };
  await using registry = await startTestRegistry([LEFT, big]);
  const repository = { ...REPOSITORY, installed: { "node_modules/left": LEFT, "node_modules/@scope/right": big } };
  await using rig = await npmRig(registry, repository);
  registry.server.fail(registry.pathOf(big), { kind: "stall", bytes: 30_000 }, 1);
  const running = rig.spawn(["build", "//images/api", "--progress", "json"]);
  await running.printed('"bytes":30000');
  running.kill("SIGTERM");
  expect((await running.ended).code).toBe(143);
  await build(rig);
  const asked = registry.server.requests.filter(({ url }) => url.includes("right"));
  expect(asked.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=30000-"]);
  expect(registry.server.requests.filter(({ url }) => url.includes("left"))).toHaveLength(1);
});

test("the application is its directory without what is of one machine; include chooses, and package.json comes along", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  const workspaces = {
    ...REPOSITORY.workspaces,
    "packages/api": { ...REPOSITORY.workspaces["packages/api"], name: "api", bin: { api: "./bin/api.js" } },
  };
  const files = {
    "packages/api/.env": "SECRET=1",
    "packages/api/.env.production": "MODE=1",
    "packages/api/.npmrc": "//host/:_authToken=secret",
    "packages/api/.gitignore": "dist",
    "packages/api/bin/api.js": "#!/usr/bin/env node\n",
    "packages/api/dist/app.js": "",
    "packages/api/image.ts": "export {};",
  };
  await using rig = await npmRig(registry, { ...REPOSITORY, workspaces }, files);
  rig.chmod("packages/api/bin/api.js", 0o644);
  const listed = async () => {
    const api = join(await rootfs(rig), "app/packages/api");
    const names = readdirSync(api, { recursive: true, withFileTypes: true });
    const paths = names.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
    return paths.map((path) => `${relative(api, path)} ${(statSync(path).mode & 0o777).toString(8)}`).sort();
  };
  expect(await listed()).toEqual([
    ".env.production 644",
    ".gitignore 644",
    "bin/api.js 755",
    "dist/app.js 644",
    "package.json 644",
    "src/main.js 644",
  ]);
  rig.write("images/api/image.ts", imageWith('include: ["dist/**", ".env", ".npmrc"], exclude: "**/*.map"'));
  expect(await listed()).toEqual([".env 644", "dist/app.js 644", "package.json 644"]);
});

test("a lock in a directory of its own uses the .npmrc beside it, and is named from the workspace", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  const inner = Object.entries(repositoryFiles(REPOSITORY)).map(([path, text]) => [`web/${path}`, text]);
  const files = {
    ...Object.fromEntries(inner),
    "imgbuild.config.ts": "export default {};\n",
    ".npmrc": "registry=http://127.0.0.1:1/\n",
    "web/.npmrc": `registry=${registry.url}\n`,
    "web/packages/api/src/main.js": "console.log(require('left').left, require('shared'));",
    "web/packages/shared/index.js": "module.exports = 'shared';",
    "web/images/api/image.ts": imageWith("optional: false"),
  };
  await using rig = await workspaceRig({ files });
  expect(runNode(join(await rootfs(rig, "//web/images/api"), "app/packages/api"), "src/main.js")).toBe("right shared");
  rig.write("web/packages/api/package.json", '{"name":"api"}');
  const result = await rig.run(["build", "//web/images/api"]);
  expect(result.stderr).toContain(
    'Cannot use "web/package-lock.json": it is out of step with "web/packages/api/package.json"',
  );
});
