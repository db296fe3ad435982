#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const [first, ...others] = process.argv.slice(2);
const root = new URL("../", import.meta.url);

if (major < 20 || (major === 20 && minor < 12)) {
  process.stderr.write(
    `error[unsupported]: Cannot run on Node ${process.versions.node}: imgbuild needs Node 20.12 or later\n` +
      "  hint: Install a newer Node, and run `npm rebuild` afterwards\n",
  );
  process.exitCode = 1;
} else if (first === "--version" && others.length === 0) {
  // Nothing of ours is loaded: this is what people time.
  process.stdout.write(`${JSON.parse(readFileSync(new URL("package.json", root), "utf8")).version}\n`);
} else {
  const cli = new URL("dist/cli.mjs", root);
  // A checkout whose `prepare` script did not run: installs may switch scripts off.
  if (!existsSync(cli)) await import(new URL("bundle.mjs", root));
  await import(cli);
}
