// Bundles bench/src and runs it: Node 20 does not read TypeScript.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const outfile = join(here, ".work", "bench.cjs");
mkdirSync(dirname(outfile), { recursive: true });
await build({
  entryPoints: [join(here, "src", "main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  logLevel: "warning",
  external: ["better-sqlite3", "esbuild", "@toondepauw/node-zstd"],
  // ES modules among the packages ask for it.
  define: { "import.meta.url": "__fileUrl" },
  banner: { js: 'const __fileUrl = require("node:url").pathToFileURL(__filename).href;' },
});
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = await main({ argv: process.argv.slice(2), root: dirname(here) });
