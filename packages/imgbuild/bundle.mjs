// Makes dist/: the command line in one ES module with a lazy chunk a command, and the runtime of definitions.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const packages = dirname(here);
const dist = join(here, "dist");
const fresh = join(here, `.dist.${process.pid}`);

/** Code of CommonJS packages asks for `require`, and so does the optional zstd package. */
const banner =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** Loads a CommonJS package by `require`: `import()` of one reads its text first to find its exports, 10 ms of start-up. */
const byRequire = {
  name: "by-require",
  setup(plugin) {
    plugin.onResolve({ filter: /^better-sqlite3$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path, namespace: "by-require" } : { path, external: true },
    );
    plugin.onLoad({ filter: /.*/, namespace: "by-require" }, ({ path }) => ({
      contents: `export default require(${JSON.stringify(path)});`,
    }));
  },
};

const common = { bundle: true, platform: "node", target: "node20", logLevel: "warning", legalComments: "none" };

/** esbuild's output of `packages/loader/src/runtime.ts` gives `buildRuntime`, which makes the runtime. */
async function runtimeCode() {
  const helper = join(fresh, "runtime-builder.mjs");
  await build({
    ...common,
    stdin: { contents: 'export { buildRuntime } from "@imgbuild/loader";', resolveDir: here, loader: "ts" },
    outfile: helper,
    format: "esm",
    external: ["esbuild", "better-sqlite3", "@toondepauw/node-zstd"],
    banner: { js: banner },
  });
  const { buildRuntime } = await import(helper);
  const { code } = await buildRuntime(packages);
  rmSync(helper);
  return code;
}

/** Two processes may bundle at once: the one that comes second finds the other's result, which is as good as its own. */
function replaceDist() {
  if (existsSync(dist)) renameSync(dist, join(fresh, "old"));
  try {
    renameSync(fresh, dist);
  } catch (error) {
    if (!existsSync(join(dist, "cli.mjs"))) throw error;
  }
  rmSync(join(dist, "old"), { recursive: true, force: true });
}

mkdirSync(fresh, { recursive: true });
try {
  await build({
    ...common,
    entryPoints: { cli: join(here, "src/main.ts") },
    outdir: fresh,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    format: "esm",
    splitting: true,
    keepNames: true,
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: "linked",
    sourcesContent: false,
    external: ["esbuild", "@toondepauw/node-zstd"],
    plugins: [byRequire],
    banner: { js: banner },
  });
  writeFileSync(join(fresh, "define-runtime.js"), await runtimeCode());
  replaceDist();
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
