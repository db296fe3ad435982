import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  describeWithTools,
  repositoryFiles,
  startTestRegistry,
  type TestPackage,
  type TestRepository,
} from "@imgbuild/testkit";
import {
  build,
  built,
  failure,
  imageWith,
  LEFT,
  npmRig,
  REPOSITORY,
  RIGHT,
  repositoryWith,
  rootfs,
  runNode,
} from "./npm-rig.ts";

const SCRIPTED: TestPackage = { ...RIGHT, scripts: { postinstall: "node evil.js", install: "./build.sh", test: "no" } };
const GYP: TestPackage = { ...LEFT, files: { ...LEFT.files, "binding.gyp": "{}" } };

test("packages with install scripts are refused all at once, with what they would have run, until vouched for", async () => {
  await using registry = await startTestRegistry([GYP, SCRIPTED]);
  const installed = { "node_modules/left": GYP, "node_modules/@scope/right": SCRIPTED };
  // npm notes a binding.gyp without scripts as an install script.
  const edit = { "node_modules/left": { hasInstallScript: true } };
  await using rig = await npmRig(registry, { ...REPOSITORY, installed, edit });
  const said = await failure(rig, 2);
  expect(said.match(/^error/gm)).toHaveLength(2);
  expect(said).toContain(
    'Cannot use the package "@scope/right@2.0.0": it has install scripts, which do not run: install "./build.sh", postinstall "node evil.js"',
  );
  expect(said).toContain('"left@1.0.0": it has install scripts, which do not run: install "node-gyp rebuild"');
  expect(said).toContain("images/api/image.ts:2");
  expect(said).toContain('ignoreScripts: ["@scope/right"]');
  rig.write("images/api/image.ts", imageWith('ignoreScripts: ["@scope/right", "left"]'));
  await build(rig);
});

test("packages with scripts that only another service uses are no matter", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT, { ...SCRIPTED, name: "other" }]);
  const workspaces = { ...REPOSITORY.workspaces, "packages/b": { name: "b", dependencies: { other: "*" } } };
  const installed = { ...REPOSITORY.installed, "node_modules/other": { ...SCRIPTED, name: "other" } };
  await using rig = await npmRig(registry, { ...REPOSITORY, workspaces, installed });
  await build(rig);
});

/** Installs itself with a command of its dependency, as native packages do. */
const NATIVE: TestPackage = {
  name: "native",
  version: "1.0.0",
  dependencies: { helper: "1" },
  scripts: { preinstall: "echo $npm_lifecycle_event > order", install: "helper-cmd built.txt && node install.js" },
  files: {
    "index.js": "exports.built = require('fs').readFileSync(__dirname + '/built.txt', 'utf8');",
    "install.js":
      "const fs = require('fs'); fs.appendFileSync('order', process.env.npm_lifecycle_event); fs.rmSync('gone.txt'); fs.chmodSync('tool', 0o700); fs.mkdirSync('node_modules/.cache', { recursive: true });",
    "gone.txt": "x",
    tool: "#!/bin/sh\n",
  },
};
const HELPER: TestPackage = {
  name: "helper",
  version: "1.0.0",
  bin: { "helper-cmd": "cli.js" },
  dependencies: { nested: "2" },
  files: {
    "cli.js": "#!/usr/bin/env node\nrequire('fs').writeFileSync(process.argv[2], 'by ' + require('nested'));",
  },
};
const NESTED: TestPackage = { name: "nested", version: "2.0.0", files: { "index.js": "module.exports = 'nested 2';" } };

const WITH_NATIVE: TestRepository = {
  workspaces: { "packages/api": { name: "api", dependencies: { native: "1" } } },
  installed: {
    "node_modules/native": NATIVE,
    "node_modules/native/node_modules/helper": HELPER,
    "node_modules/nested": NESTED,
  },
};

const nativeRegistry = () => startTestRegistry([NATIVE, HELPER, NESTED]);

describeWithTools(["unshare", "tar"], "install scripts in a sandbox", () => {
  test("run where npm would run them, with what their package needs; what they change of it is kept", async () => {
    await using registry = await nativeRegistry();
    const files = {
      "images/api/image.ts": imageWith('scripts: ["native"]'),
      "packages/api/main.js": "console.log(require('native').built)",
    };
    await using rig = await npmRig(registry, WITH_NATIVE, files);
    expect(built(await build(rig))).toEqual([
      "image",
      "layerSet",
      "npmPackage",
      "npmPackage",
      "npmPackage",
      "runCommand",
    ]);
    const directory = join(await rootfs(rig), "app");
    expect(runNode(join(directory, "packages/api"), "main.js")).toBe("by nested 2");
    const native = join(directory, "node_modules/native");
    expect(readFileSync(join(native, "order"), "utf8")).toBe("preinstall\ninstall");
    expect(readdirSync(native).sort()).toEqual([
      "built.txt",
      "index.js",
      "install.js",
      "node_modules",
      "order",
      "package.json",
      "tool",
    ]);
    expect(readdirSync(join(native, "node_modules")).sort()).toEqual([".bin", "helper"]);
    await registry.server.close();
    expect(built(await build(rig))).toEqual([]);
    rig.write("packages/api/main.js", "// edited");
    expect(built(await build(rig))).toEqual(["image", "layerSet"]);
    rig.write("images/api/image.ts", imageWith('scripts: "sandbox"'));
    expect(built(await build(rig))).toEqual([]);
  });

  test("that fail say what they printed, and leave nothing", async () => {
    await using registry = await startTestRegistry([{ ...NATIVE, scripts: { install: "echo no compiler; exit 3" } }]);
    const broken: TestPackage = { ...NATIVE, dependencies: {}, scripts: { install: "echo no compiler; exit 3" } };
    registry.publish(broken);
    const repository = { ...WITH_NATIVE, installed: { "node_modules/native": broken } };
    await using rig = await npmRig(registry, repository, { "images/api/image.ts": imageWith('scripts: "sandbox"') });
    const said = await failure(rig, 1);
    expect(said).toContain("native@1.0.0");
    expect(said).toContain("| no compiler");
    expect(said).toContain("The script install of native@1.0.0 failed");
    expect(existsSync(join(rig.cacheDir, "v1/sandbox")) ? readdirSync(join(rig.cacheDir, "v1/sandbox")) : []).toEqual(
      [],
    );
  });

  test("see no network, no file of the workspace, and cannot change what they need", async () => {
    const install = [
      "node -e \"fetch('http://127.0.0.1:$PORT').catch(() => console.log('no network'))\"",
      "test ! -e $DIR/package.json",
      "! echo x > ../helper/cli.js",
    ].join(" && ");
    await using registry = await nativeRegistry();
    const curious: TestPackage = { ...NATIVE, scripts: { install } };
    await using rig = await npmRig(registry, WITH_NATIVE);
    const script = install.replace("$PORT", String(registry.server.port)).replace("$DIR", rig.root);
    const item = { ...curious, scripts: { install: `${script} > log` } };
    registry.publish(item);
    const installed = { "node_modules/native": item, "node_modules/helper": HELPER, "node_modules/nested": NESTED };
    for (const [path, text] of Object.entries(repositoryFiles({ ...WITH_NATIVE, installed }))) rig.write(path, text);
    rig.write("images/api/image.ts", imageWith('scripts: "sandbox"'));
    const native = join(await rootfs(rig), "app/node_modules/native");
    expect(readFileSync(join(native, "../helper/cli.js"), "utf8")).toContain("require");
  });

  test("for another platform than this machine's are refused when they would run", async () => {
    await using registry = await nativeRegistry();
    const arm = imageWith('scripts: "sandbox"').replace('name: "api"', 'name: "api", architecture: "arm64"');
    await using rig = await npmRig(registry, WITH_NATIVE, { "images/api/image.ts": arm });
    expect(await failure(rig, 1)).toMatch(
      /scripts of native@1\.0\.0 run for this machine, linux\/\w+ .*for linux\/arm64/,
    );
  });
});

test("the rules themselves are checked", async () => {
  await using registry = await startTestRegistry([LEFT, RIGHT]);
  await using rig = await npmRig(registry, repositoryWith(RIGHT), {
    "images/api/image.ts": imageWith('scripts: "sandbx"'),
  });
  expect(await failure(rig, 2)).toContain(
    'wanted "deny", "sandbox" or a list of names of packages (did you mean "sandbox"?)',
  );
});
