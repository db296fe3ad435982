import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { describeWithTools, integrityOf, startTestRegistry, type TestPackage, workspaceRig } from "@imgbuild/testkit";
import { failure, imageWith, LEFT, RIGHT, rootfs, runNode } from "./npm-rig.ts";

/** Installs itself with a command of what it needs. */
const NATIVE: TestPackage = {
  ...{ name: "native", version: "1.0.0", dependencies: { left: "1" } },
  scripts: { install: "left-cmd > made.txt" },
  files: { "index.js": "exports.made = require('fs').readFileSync(__dirname + '/made.txt', 'utf8');" },
};
const TOOL: TestPackage = {
  ...{ name: "left", version: "1.0.0", dependencies: LEFT.dependencies ?? {}, bin: { "left-cmd": "cli.js" } },
  files: { ...LEFT.files, "cli.js": "#!/usr/bin/env node\nconsole.log('made by left');\n" },
};

const entry = (item: TestPackage, more = "") =>
  `  '${item.name}@${item.version}':\n    resolution: {integrity: ${integrityOf(item)}}\n${more}`;

const LOCK = `lockfileVersion: '9.0'
importers:
  .: {}
  packages/api:
    dependencies:
      left: {specifier: ^1.0.0, version: 1.0.0}
      native: {specifier: ^1.0.0, version: 1.0.0}
      shared: {specifier: 'workspace:*', version: link:../shared}
  packages/shared:
    dependencies:
      '@scope/right': {specifier: ^2.0.0, version: 2.0.0}
packages:
${entry(RIGHT)}${entry(TOOL, "    hasBin: true\n")}${entry(NATIVE)}
snapshots:
  '@scope/right@2.0.0': {}
  left@1.0.0:
    dependencies: {'@scope/right': 2.0.0}
  native@1.0.0:
    dependencies: {left: 1.0.0}
`;

const FILES = {
  "imgbuild.config.ts": "export default {};\n",
  "pnpm-lock.yaml": LOCK,
  "package.json": JSON.stringify({ name: "root", private: true }),
  "packages/api/package.json": JSON.stringify({
    name: "api",
    dependencies: { left: "^1.0.0", native: "^1.0.0", shared: "workspace:*" },
  }),
  "packages/api/main.js": "console.log(require('left').left, require('shared'), require('native').made);",
  "packages/shared/package.json": JSON.stringify({
    ...{ name: "shared", bin: { "shared-cmd": "./bin.js" } },
    dependencies: { "@scope/right": "^2.0.0" },
  }),
  "packages/shared/index.js": "module.exports = 'shared ' + require('@scope/right');",
  "packages/shared/bin.js": "#!/usr/bin/env node\n",
};

describeWithTools(["unshare", "tar"], "a workspace of pnpm", () => {
  test("has links as pnpm has them, commands among them, and runs its allowed scripts", async () => {
    await using registry = await startTestRegistry([TOOL, RIGHT, NATIVE]);
    await using rig = await workspaceRig({
      files: {
        ...FILES,
        ".npmrc": `registry=${registry.url}\n`,
        "images/api/image.ts": imageWith('scripts: ["native"]'),
      },
    });
    rig.chmod("packages/shared/bin.js", 0o644);
    const root = join(await rootfs(rig), "app");
    const api = join(root, "packages/api");
    expect(runNode(api, "main.js")).toBe("right shared right made by left");
    const links = (directory: string) =>
      Object.fromEntries(readdirSync(directory).map((name) => [name, readlinkSync(join(directory, name))]));
    expect(links(join(api, "node_modules/.bin"))).toEqual({
      "left-cmd": "../left/cli.js",
      "shared-cmd": "../shared/bin.js",
    });
    expect(readlinkSync(join(api, "node_modules/left"))).toBe(
      "../../../node_modules/.pnpm/left@1.0.0/node_modules/left",
    );
    expect(lstatSync(join(root, "packages/shared/bin.js")).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(root, "packages/shared/index.js")).mode & 0o777).toBe(0o644);
  });
});

test("scripts of packages of pnpm are refused when they are found, and cannot be allowed without a name", async () => {
  await using registry = await startTestRegistry([TOOL, RIGHT, NATIVE]);
  await using rig = await workspaceRig({
    files: { ...FILES, ".npmrc": `registry=${registry.url}\n`, "images/api/image.ts": imageWith('scripts: "deny"') },
  });
  expect(await failure(rig, 2)).toContain(
    '"native@1.0.0": it has install scripts, which do not run: install "left-cmd > made.txt"',
  );
  rig.write("images/api/image.ts", imageWith('scripts: "sandbox"'));
  expect(await failure(rig, 2)).toContain('"pnpm-lock.yaml" does not say which packages have some');
});
