import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Options } from "../options.ts";
import { cleanEnvironment } from "../run-process.ts";
import { cachedTree, writeIn } from "./cached-tree.ts";
import { sourceText } from "./source-text.ts";

const PACKAGES = [
  ["express", "@aws-sdk/client-s3@3", "lodash", "date-fns", "rxjs", "pino", "@nestjs/core", "@nestjs/common", "zod"],
  ["typeorm", "graphql", "typescript@5.9", "core-js", "@grpc/grpc-js", "luxon", "uuid", "axios"],
].flat();

/** Paths in the mix workspace. */
export const MIX = {
  label: "//images/mix",
  small: "//images/app",
  smallAlone: "//images/small",
  chain: "//images/chain",
  edit: "tree/node_modules/bench-edit/index.js",
  smallEdit: "small/app.js",
  chainEdit: "chain/1/app.js",
} as const;

const CHAIN = 10;

/**
 * A workspace of one image whose only layer has about 24,000 small files of npm packages and a binary of 95 MB; of a
 * second one that adds a small layer; and of ten in a chain on the first. With Dockerfiles that say the same.
 */
export async function mixTree(options: Options): Promise<string> {
  const directory = join(options.work, "mix");
  const recipe = JSON.stringify({ version: 1, smoke: options.smoke, packages: PACKAGES });
  await cachedTree(directory, recipe, () => {
    writeIn(directory, "package.json", '{ "name": "bench-mix", "private": true, "workspaces": [] }\n');
    if (options.smoke) makeSmallTree(join(directory, "tree"));
    else if (options.mixFrom !== undefined)
      cpSync(options.mixFrom, join(directory, "tree"), { recursive: true, verbatimSymlinks: true });
    else installPackages(join(directory, "tree"));
    writeIn(directory, MIX.edit, "export const edit = 0;\n");
    writeSmallLayers(directory);
  });
  // Not part of what is kept: they change with the bench, and cost nothing.
  writeDefinitions(directory);
  return directory;
}

function installPackages(tree: string): void {
  writeIn(tree, "package.json", '{ "name": "bench-mix-tree", "private": true }\n');
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...PACKAGES];
  // npm needs the environment's certificates, which measured processes go without.
  const env = { ...cleanEnvironment(), NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS };
  const done = spawnSync("npm", args, { cwd: tree, env, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`npm install of the mix tree failed:\n${done.stderr}`);
  copyFileSync(process.execPath, join(tree, "node-bin"));
}

function makeSmallTree(tree: string): void {
  const text = sourceText();
  for (let index = 0; index < 200; index++) writeIn(tree, `node_modules/p${index % 10}/f${index}.js`, text.of(index));
  writeFileSync(join(tree, "node-bin"), Buffer.alloc(1 << 20, text.of(0)));
}

function writeSmallLayers(directory: string): void {
  const text = sourceText();
  for (let index = 0; index < 20; index++) writeIn(directory, `small/lib/f${index}.js`, text.of(index));
  writeIn(directory, MIX.smallEdit, "export const edit = 0;\n");
  for (let link = 1; link <= CHAIN; link++)
    writeIn(directory, `chain/${link}/app.js`, `export const link = ${link};\n`);
}

function writeDefinitions(directory: string): void {
  const image = (name: string, lines: readonly string[]): void =>
    writeIn(directory, `images/${name}/image.ts`, `${lines.join("\n")}\n`);
  image("mix", [
    'import { buildImage, tree } from "imgbuild";',
    'export default buildImage({ name: "mix", tag: "bench", copyToRoot: tree({ "/app": "//tree" }) });',
  ]);
  image("app", [
    'import { buildImage, tree } from "imgbuild";',
    'import mix from "../mix/image.ts";',
    'export default buildImage({ name: "app", tag: "bench", fromImage: mix, copyToRoot: tree({ "/small": "//small" }) });',
  ]);
  image("small", [
    'import { buildImage, tree } from "imgbuild";',
    'export default buildImage({ name: "small", tag: "bench", copyToRoot: tree({ "/small": "//small" }) });',
  ]);
  const links = Array.from({ length: CHAIN }, (_, index) => {
    const place = `copyToRoot: tree({ "/chain/${index + 1}": "//chain/${index + 1}" })`;
    return `const c${index + 1} = buildImage({ name: "c${index + 1}", tag: "bench", fromImage: ${index === 0 ? "mix" : `c${index}`}, ${place} });`;
  });
  image("chain", [
    'import { buildImage, tree } from "imgbuild";',
    'import mix from "../mix/image.ts";',
    ...links,
    `export default c${CHAIN};`,
  ]);
  writeIn(directory, "mix.Dockerfile", "FROM scratch\nCOPY tree /app\n");
  writeIn(directory, "app.Dockerfile", "FROM scratch\nCOPY tree /app\nCOPY small /small\n");
  writeIn(directory, ".dockerignore", "*\n!tree\n!small\n");
}
