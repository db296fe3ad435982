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
const banner = 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

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
    external: ["better-sqlite3", "esbuild", "@toondepauw/node-zstd"],
    banner: { js: banner },
  });
  writeFileSync(join(fresh, "define-runtime.js"), await runtimeCode());
  if (existsSync(dist)) rmSync(dist, { recursive: true });
  renameSync(fresh, dist);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
