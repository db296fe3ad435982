import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cleanEnvironment } from "../run-process.ts";
import { cachedTree } from "./cached-tree.ts";
import { sourceText } from "./source-text.ts";

const FILES_PER_DIRECTORY = 20;

export interface FleetShape {
  readonly images: number;
  readonly files: number;
  /** The repository, whose package manager turbo is told to see. */
  readonly root: string;
}

/** A monorepo of `images` packages, each an image of its `src`, and for turbo each with a cached `build` task; committed, as turbo likes it. */
export function fleetTree(directory: string, { images, files, root }: FleetShape): Promise<string> {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { packageManager: string };
  return cachedTree(directory, JSON.stringify({ version: 2, images, files, packageManager }), () => {
    const write = writerIn(directory);
    write("package.json", json({ name: "bench-fleet", private: true, packageManager, workspaces: ["packages/*"] }));
    write("package-lock.json", json({ name: "bench-fleet", lockfileVersion: 3, requires: true, packages: {} }));
    write("turbo.json", json({ tasks: { build: { outputs: ["dist/**"], inputs: ["src/**"] } } }));
    write(".gitignore", "dist/\n.turbo/\nnode_modules/\ncache/\n");
    const text = sourceText();
    const perImage = Math.ceil(files / images);
    for (let image = 0; image < images; image++) {
      const name = `p${String(image).padStart(4, "0")}`;
      const at = `packages/${name}`;
      write(`${at}/package.json`, json({ name, version: "1.0.0", private: true, scripts: { build: BUILD_SCRIPT } }));
      write(`${at}/image.ts`, definition(name));
      for (let file = 0; file < perImage; file++) {
        write(`${at}/src/d${Math.floor(file / FILES_PER_DIRECTORY)}/f${file}.ts`, text.of(image * perImage + file));
      }
    }
    commit(directory);
  });
}

/** What turbo runs for a package that it does not know yet. */
export const BUILD_SCRIPT = "mkdir -p dist && echo ok > dist/out.txt";

/** Writes files one directory after the other, without asking for each whether its folder is there. */
function writerIn(directory: string): (path: string, text: string) => void {
  let last = "";
  return (path, text) => {
    const file = join(directory, path);
    if (dirname(file) !== last) mkdirSync(dirname(file), { recursive: true });
    last = dirname(file);
    writeFileSync(file, text);
  };
}

function definition(name: string): string {
  return [
    'import { buildImage, tree } from "imgbuild";',
    `export default buildImage({ name: "${name}", copyToRoot: tree({ "/app": "./src" }), config: { WorkingDir: "/app" } });`,
    "",
  ].join("\n");
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function commit(directory: string): void {
  const identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgsign=false"];
  // Nobody keeps these objects: they need be neither small nor safe.
  const quick = ["-c", "core.compression=0", "-c", "core.fsync=none", "-c", "gc.auto=0"];
  for (const args of [
    ["init", "-q"],
    [...quick, "add", "-A"],
    [...quick, ...identity, "commit", "-q", "-m", "bench"],
  ]) {
    const done = spawnSync("git", args, { cwd: directory, env: cleanEnvironment(), encoding: "utf8" });
    if (done.error !== undefined) return;
    if (done.status !== 0) throw new Error(`git ${args.join(" ")} failed in ${directory}:\n${done.stderr}`);
  }
}
