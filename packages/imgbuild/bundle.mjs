// Makes dist/: the command line in one file whose modules run when they are first needed, and the runtime of definitions.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const packages = dirname(here);
const dist = join(here, "dist");
const fresh = join(here, `.dist.${process.pid}`);

/**
 * Modules of Node that most commands never use load at their first use, not with the module that imports them: http, tls
 * and their like are a third of the start-up of a build that has nothing to do.
 */
const LAZY =
  /^(?:node:)?(https?|net|tls|dns|child_process|worker_threads|readline|zlib|stream\/promises|timers\/promises)$/;
const require = createRequire(import.meta.url);
const lazyBuiltins = {
  name: "lazy-builtins",
  setup(plugin) {
    plugin.onResolve({ filter: LAZY }, ({ path, namespace }) =>
      namespace === "lazy-builtin"
        ? { path, external: true }
        : { path: path.replace("node:", ""), namespace: "lazy-builtin" },
    );
    plugin.onLoad({ filter: /.*/, namespace: "lazy-builtin" }, ({ path }) => {
      const load = `require(${JSON.stringify(`node:${path}`)})`;
      const getters = Object.keys(require(path)).map(
        (name) => `get ${JSON.stringify(name)}() { return ${load}[${JSON.stringify(name)}]; }`,
      );
      return { contents: `module.exports = { ${getters.join(", ")} };` };
    });
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
    // Code of CommonJS packages asks for it.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
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
    if (!existsSync(join(dist, "cli.cjs"))) throw error;
  }
  rmSync(join(dist, "old"), { recursive: true, force: true });
}

/** A comment at the head of the bundle, which its digest takes the place of: by it a code cache knows it (bin/run-program.cjs). */
const UNMARKED = `//${"0".repeat(64)}`;

function markProgram() {
  const file = join(fresh, "cli.cjs");
  const source = readFileSync(file, "latin1");
  writeFileSync(file, source.replace(UNMARKED, `//${createHash("sha256").update(source).digest("hex")}`), "latin1");
}

/** A first build, of nothing that matters, so that the code cache holds what builds run. Without it the first user's run makes one. */
function warmUp() {
  const workspace = mkdtempSync(join(tmpdir(), "imgbuild-warm-up-"));
  try {
    writeFileSync(join(workspace, "imgbuild.config.ts"), "export default {};\n");
    writeFileSync(
      join(workspace, "image.ts"),
      'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "warm-up", copyToRoot: "./image.ts" });\n',
    );
    const args = ["build", "//", "--cache-dir", join(workspace, "cache")];
    spawnSync(process.execPath, [join(here, "bin/imgbuild.cjs"), ...args], {
      cwd: workspace,
      env: {},
      stdio: "ignore",
      timeout: 30_000,
    });
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

mkdirSync(fresh, { recursive: true });
try {
  await build({
    ...common,
    entryPoints: { cli: join(here, "src/main.ts") },
    outdir: fresh,
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: "linked",
    sourcesContent: false,
    external: ["esbuild", "better-sqlite3", "@toondepauw/node-zstd"],
    plugins: [lazyBuiltins],
    // The program runs as a script of node:vm, in which there is no import().
    supported: { "dynamic-import": false },
    define: { "import.meta.dirname": "__dirname", "import.meta.url": "__fileUrl" },
    banner: { js: `${UNMARKED}\nconst __fileUrl = require("node:url").pathToFileURL(__filename).href;` },
  });
  markProgram();
  writeFileSync(join(fresh, "define-runtime.js"), await runtimeCode());
  replaceDist();
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
warmUp();
