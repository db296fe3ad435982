#!/usr/bin/env node
// CommonJS, and no import before it is known to be needed: what stands here is paid by every command.
"use strict";

const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
const program = join(root, "dist", "cli.cjs");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const [first, ...others] = process.argv.slice(2);

if (major < 20 || (major === 20 && minor < 12)) {
  process.stderr.write(
    `error[unsupported]: Cannot run on Node ${process.versions.node}: imgbuild needs Node 20.12 or later\n` +
      "  hint: Install a newer Node, and run `npm rebuild` afterwards\n",
  );
  process.exitCode = 1;
} else if (first === "--version" && others.length === 0) {
  // Nothing of ours is loaded: this is what people time.
  process.stdout.write(`${JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version}\n`);
} else if (existsSync(program)) {
  start();
} else {
  // A checkout whose `prepare` script did not run: installs may switch scripts off.
  import("../bundle.mjs").then(start);
}

function start() {
  const { runProgram } = require("./run-program.cjs");
  runProgram(program);
}
