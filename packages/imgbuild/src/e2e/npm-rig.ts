import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  type CliEvent,
  type CliResult,
  repositoryFiles,
  type TestPackage,
  type TestRegistry,
  type TestRepository,
  type WorkspaceRig,
  workspaceRig,
} from "@imgbuild/testkit";

export const LEFT: TestPackage = {
  name: "left",
  version: "1.0.0",
  dependencies: { "@scope/right": "^2.0.0" },
  bin: { "left-cmd": "cli.js" },
  files: { "index.js": "exports.left = require('@scope/right');", "cli.js": "#!/usr/bin/env node\n" },
};
export const RIGHT: TestPackage = {
  name: "@scope/right",
  version: "2.0.0",
  files: { "index.js": "module.exports = 'right';" },
};

/** An image of packages/api. */
const IMAGE = `import { buildLayeredImage, npmWorkspace } from "imgbuild";
const app = npmWorkspace({ workspace: "packages/api" });
export default buildLayeredImage({ name: "api", contents: app, config: { WorkingDir: app.workingDirectory } });
`;

/** {@link IMAGE} with more attributes of npmWorkspace. */
export function imageWith(attributes: string): string {
  return IMAGE.replace('"packages/api"', `"packages/api", ${attributes}`);
}

const WORKSPACES: TestRepository["workspaces"] = {
  "packages/api": { name: "api", version: "1.0.0", dependencies: { left: "^1.0.0", shared: "*" } },
  "packages/shared": { name: "shared", version: "1.0.0" },
};

/** api needs left, which needs @scope/right, and the workspace shared. */
export const REPOSITORY: TestRepository = {
  workspaces: WORKSPACES,
  installed: { "node_modules/left": LEFT, "node_modules/@scope/right": RIGHT },
};

/** {@link REPOSITORY} with one package in place of another. */
export function repositoryWith(item: TestPackage): TestRepository {
  return { ...REPOSITORY, installed: { ...REPOSITORY.installed, [`node_modules/${item.name}`]: item } };
}

/** A workspace of imgbuild whose npm uses a test registry. */
export function npmRig(
  registry: TestRegistry,
  repository: TestRepository = REPOSITORY,
  more: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<WorkspaceRig> {
  const files = {
    "images/api/image.ts": IMAGE,
    "packages/api/src/main.js": "console.log(require('left').left, require('shared'));",
    "packages/api/node_modules/leftover/index.js": "never",
    "packages/shared/index.js": "module.exports = 'shared';",
    ".npmrc": `registry=${registry.url}\n`,
  };
  return workspaceRig({ files: { ...files, ...repositoryFiles(repository), ...more } });
}

/** The events of one type. */
export function ofType(result: CliResult, type: string): readonly CliEvent[] {
  return result.events.filter((event) => event.type === type);
}

/** Kinds of the steps that were built, sorted. */
export function built(result: CliResult): readonly string[] {
  const steps = ofType(result, "step.end").filter((event) => event.result === "built");
  return steps.map((event) => String(event.kind)).sort();
}

/** Builds //images/api, which must end well. */
export async function build(rig: WorkspaceRig, ...more: readonly string[]): Promise<CliResult> {
  const result = await rig.run(["build", "//images/api", "--json", ...more]);
  expect({ code: result.code, errors: ofType(result, "target.failed"), stderr: result.stderr }).toEqual({
    code: 0,
    errors: [],
    stderr: "",
  });
  return result;
}

/** What a build that must fail says. */
export async function failure(rig: WorkspaceRig, code?: number): Promise<string> {
  const result = await rig.run(["build", "//images/api"]);
  if (code === undefined) expect(result.code).not.toBe(0);
  else expect({ code: result.code, stderr: result.stderr }).toEqual({ code, stderr: expect.anything() });
  expect(result.stderr).not.toMatch(/^\s+at (?:.+ \()?(?:node:|file:|\/)/m);
  return result.stderr;
}

/** Builds and unpacks the root file system; gives its directory. */
export async function rootfs(rig: WorkspaceRig, label = "//images/api"): Promise<string> {
  const name = label.replace(/\W+/g, "-");
  const [file, directory] = [join(rig.outside, `${name}.tar`), join(rig.outside, name)];
  const result = await rig.run(["build", label, "-o", file, "--format", "rootfs"]);
  expect({ code: result.code, stderr: result.code === 0 ? "" : result.stderr }).toEqual({ code: 0, stderr: "" });
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  execFileSync("tar", ["-xf", file, "-C", directory]);
  return directory;
}

/** What Node prints that runs in a directory of an unpacked image. */
export function runNode(directory: string, ...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: directory, encoding: "utf8" }).trim();
}
